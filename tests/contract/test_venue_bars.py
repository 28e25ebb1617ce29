"""What the past of every streaming venue promises, as a backfill asks for it, against its own REST interface. A new one adds a row to VENUES."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest

from ingestors.bar_history import bar_history_of
from ingestors.limits import gates
from ingestors.limits.gates import Gates
from ingestors.registry import PROVIDERS
from runtime.clock import ManualClock
from runtime.errors import TransientError, UserError
from runtime.settings import Settings, load_settings
from runtime.settings.limits import BudgetSettings
from schemas.bars import ProviderBar
from schemas.timeframes import DAY_NS, FIXED_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Timeframe
from tests.candle_venues.binance import Binance
from tests.candle_venues.bitfinex import Bitfinex
from tests.candle_venues.coinbase import Coinbase
from tests.candle_venues.coinbase_advanced import CoinbaseAdvanced
from tests.candle_venues.finnhub import Finnhub
from tests.candle_venues.htx import Htx
from tests.candle_venues.kraken import Kraken, KrakenV1
from tests.candle_venues.kucoin import Kucoin
from tests.candle_venues.venue import CandleVenue, traded
from tests.poll_server import RECORDED, START_NS, Candle, PollServer, poll_server
from tickerplant.backfill.ask import Window, whole_bars
from tickerplant.backfill.past import PastBars, past_of

VENUES: dict[str, Any] = {one.name: one for one in (Binance, Bitfinex, Coinbase, CoinbaseAdvanced, Finnhub, Htx, Kraken, KrakenV1, Kucoin)}
ELSEWHERE = {"polygon", "oanda"}  # test_polygon.py, test_oanda.py
every_venue = pytest.mark.parametrize("name", sorted(VENUES))


class World:
    """A venue's server, and the settings that lead to it."""

    def __init__(self, venue: CandleVenue, server: PollServer, url: str, clock: ManualClock) -> None:
        self.venue, self.server, self.clock = venue, server, clock
        self._url = url

    @property
    def settings(self) -> Settings:
        section = {"rest_url": self._url, "symbols": self.venue.symbols} | dict(self.venue.section)
        sections = {self.venue.name.replace("-", "_"): section}
        return load_settings(**(sections if self.venue.name == "binance" else {"providers": sections}))

    async def past(self, timeframe: Timeframe, symbols: tuple[str, ...] = ()) -> PastBars:
        past = past_of(self.venue.name, timeframe, "", self.settings, self.clock)
        assert isinstance(past, PastBars)
        await past.resolve(symbols or self.venue.symbols)
        self.server.calls.clear()
        return past

    async def read(self, symbol: str, timeframe: Timeframe, window: Window) -> list[ProviderBar]:
        """All of it, page by page, each behind the one before it."""
        past, at, found = await self.past(timeframe), None, list[ProviderBar]()
        while True:
            page = await past.page(symbol, window, at)
            found += [event.bar for event in page.events if event.bar]
            assert page.next is None or window.from_ns < page.next < window.to_ns
            assert page.reached_ns > (at or window.from_ns)
            at = page.next
            if at is None:
                await past.close()
                return found

    def expected(self, symbol: str, timeframe: Timeframe, window: Window) -> list[Candle]:
        found = self.server.market.candles(symbol, timeframe, window.from_ns, window.to_ns)
        return [one for one in found if one.close_ns <= self.clock.now_ns() and (self.venue.flat or traded(one, timeframe))]


@pytest.fixture
async def world(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    venue, clock = VENUES[name](), ManualClock(START_NS)
    monkeypatch.setattr(gates, "_of_process", Gates(clock, {PROVIDERS[name].account or name: BudgetSettings()}))
    async with poll_server(venue, clock) as (server, url):
        yield World(venue, server, url, clock)


def _prices(one: Candle | ProviderBar) -> list[Decimal]:
    return [Decimal(text) for text in (one.open, one.high, one.low, one.close)]


def test_every_streaming_provider_with_bars_of_the_past_has_a_row() -> None:
    streaming = {name: import_module(f"{one.module}.ingestor") for name, one in PROVIDERS.items() if one.transport == "stream"}
    assert {name for name, module in streaming.items() if hasattr(module, "bar_history")} == VENUES.keys() | ELSEWHERE


@every_venue
async def test_the_past_is_given_page_by_page_and_the_running_bar_is_left_out(world: World) -> None:
    symbol, minutes = world.venue.symbols[0], world.venue.newest or 3_100
    now_minute_ns = START_NS // MINUTE_NS * MINUTE_NS
    window = Window(now_minute_ns - (minutes - 1) * MINUTE_NS, START_NS)
    bars = await world.read(symbol, Timeframe.M1, window)
    wanted = world.expected(symbol, Timeframe.M1, window)
    assert wanted[0].open_ns <= window.from_ns + 2 * MINUTE_NS
    assert wanted[-1].close_ns >= now_minute_ns - 2 * MINUTE_NS
    assert [(bar.ts_open_ns, bar.ts_close_ns) for bar in bars] == [(one.open_ns, one.close_ns) for one in wanted]
    busy = [(bar, one) for bar, one in zip(bars, wanted, strict=True) if traded(one, Timeframe.M1)]
    assert [(_prices(bar), Decimal(bar.volume)) for bar, _ in busy] == [(_prices(one), Decimal(one.volume)) for _, one in busy]
    assert len(world.server.calls) == world.venue.pages
    told, counted = world.venue.quote_volume, world.venue.trade_count
    assert all(Decimal(bar.quote_volume) == (Decimal(bar.volume) * 100 if told else 0) for bar, _ in busy)
    assert all(Decimal(bar.vwap) == (100 if told else Decimal(bar.close)) and bar.trade_count == (9 if counted else 0) for bar, _ in busy)
    assert {(bar.source, bar.kind, bar.primary, bar.known_at_ns - bar.ts_close_ns) for bar in bars} == {
        (f"{world.venue.name}-bars", "provider", False, 0)
    }


@every_venue
async def test_every_timeframe_is_asked_for_by_its_name(world: World) -> None:
    history, symbol = bar_history_of(world.venue.name, world.settings, world.clock), world.venue.symbols[-1]
    assert set(await history.resolve(world.venue.symbols)) == set(world.venue.symbols)
    assert len(set(history.timeframes)) == len(history.timeframes) >= 6
    for timeframe in (one for one in history.timeframes if one in FIXED_NS):  # months have no fixed length
        window = Window(START_NS - 10 * FIXED_NS[timeframe], START_NS)
        bars = (await history.bars(symbol, timeframe, window.from_ns, window.to_ns)).bars
        wanted = world.expected(symbol, timeframe, window)
        assert wanted, timeframe
        assert [(bar.ts_open_ns, bar.ts_close_ns) for bar in bars] == [(one.open_ns, one.close_ns) for one in wanted], timeframe
        assert {bar.timeframe for bar in bars} == {timeframe.value}
    await history.close()


@every_venue
async def test_a_symbol_that_it_does_not_list_is_said(world: World) -> None:
    with pytest.raises(UserError, match=f"does not list {world.venue.stranger}; leave it out of --symbols"):
        await world.past(Timeframe.M1, (world.venue.symbols[0], world.venue.stranger))


@every_venue
async def test_a_timeframe_that_it_does_not_have_is_said_with_those_that_it_has(world: World) -> None:
    missing = Timeframe.D2
    with pytest.raises(UserError, match=f"{world.venue.name} gives no bars of {missing}; it gives 1m, 5m"):
        past_of(world.venue.name, missing, "", world.settings, world.clock)


@every_venue
async def test_an_answer_with_what_is_no_number_is_asked_for_again(world: World) -> None:
    past, window = await world.past(Timeframe.M1), Window(START_NS - HOUR_NS, START_NS)
    world.server.refusals.append((200, world.venue.broken(), ""))
    with pytest.raises(TransientError, match="not what was asked for"):
        await past.page(world.venue.symbols[0], window, None)
    assert (await past.page(world.venue.symbols[0], window, None)).events
    await past.close()


@every_venue
async def test_how_much_a_window_takes_is_known_from_one_question(world: World) -> None:
    past = await world.past(Timeframe.M1)
    rows, pages = await past.expected(world.venue.symbols[0], Window(START_NS - HOUR_NS, START_NS))
    assert (rows > 40, pages, len(world.server.calls)) == (True, 1, 1)
    await past.close()


@pytest.mark.parametrize(("name", "last"), [("kraken", "11 hours"), ("kraken-v1", "11 hours"), ("htx", "33 hours")])
async def test_what_lies_before_its_newest_candles_is_refused_also_once_time_went_on(world: World, last: str) -> None:
    past, newest = await world.past(Timeframe.M1), world.venue.newest
    assert newest
    from_ns = START_NS - (newest - 1) * MINUTE_NS
    past.check(from_ns, START_NS)
    with pytest.raises(UserError, match=f"gives bars of 1m of the last {last} only; give a later --from"):
        past.check(from_ns - 1, START_NS)
    window = Window(from_ns, START_NS)
    assert (await past.page(world.venue.symbols[0], window, None)).next is None
    world.clock.advance_s(500 * 60)
    with pytest.raises(UserError, match=f"newest {newest} bars of 1m only, and they no longer go back that far; give a later --from"):
        await past.page(world.venue.symbols[0], window, None)
    await past.close()


@pytest.mark.parametrize("name", ["htx", "kraken", "kraken-v1"])
async def test_a_candle_that_still_runs_by_the_venues_clock_is_left_out_though_ours_is_ahead(world: World) -> None:
    ahead = ManualClock(START_NS + 90 * SECOND_NS)
    past = past_of(world.venue.name, Timeframe.M1, "", world.settings, ahead)
    await past.resolve(world.venue.symbols)
    page = await past.page(world.venue.symbols[0], Window(START_NS - HOUR_NS, START_NS + MINUTE_NS), None)
    assert max(event.bar.ts_close_ns for event in page.events if event.bar) <= START_NS
    await past.close()


@pytest.mark.parametrize("name", ["bitfinex"])
async def test_a_full_page_is_followed_by_the_next_one(world: World) -> None:
    window = Window(START_NS - 12_000 * MINUTE_NS, START_NS)
    bars = await world.read("BTC-USD", Timeframe.M1, window)
    assert [bar.ts_open_ns for bar in bars] == [one.open_ns for one in world.expected("BTC-USD", Timeframe.M1, window)]
    assert len(bars) > 10_000
    assert len(world.server.calls) == 2


@pytest.mark.parametrize("name", ["finnhub"])
async def test_days_of_shares_are_sessions_adjusted_for_splits_and_minutes_are_not(world: World) -> None:
    window = Window(START_NS - 400 * DAY_NS, START_NS)
    days = await world.read("AAPL", Timeframe.D1, window)
    assert [bar.ts_open_ns for bar in days] == [one.open_ns for one in world.expected("AAPL", Timeframe.D1, window)]
    assert len(world.server.calls) == 2
    hours = await world.read("AAPL", Timeframe.H1, Window(START_NS - 60 * DAY_NS, START_NS))
    assert len(world.server.calls) == 3
    assert {bar.actions.splits_adjusted for bar in days if bar.actions} == {True}
    assert {bar.actions.splits_adjusted for bar in hours if bar.actions} == {False}
    assert {bar.known_at_ns for bar in days} == {START_NS}


@pytest.mark.parametrize("name", ["finnhub"])
async def test_currencies_are_refused(world: World) -> None:
    with pytest.raises(UserError, match="no bars of currencies that say what they are prices of; leave EUR-USD out"):
        await world.past(Timeframe.M1, ("AAPL", "EUR-USD"))


@pytest.mark.parametrize("name", ["kucoin"])
async def test_candles_of_other_hours_than_ours_are_none(world: World) -> None:
    past = await world.past(Timeframe.H4)
    row = ["1704873600", "1", "1", "1", "1", "1", "1"]  # 08:00
    world.server.refusals.append((200, f'{{"code":"200000","data":[{str(row).replace(chr(39), chr(34))}]}}'.encode(), ""))
    assert len((await past.page("BTC-USDT", whole_bars(Timeframe.H4, Window(START_NS - DAY_NS, START_NS)), None)).events) == 1
    world.server.refusals.append((200, b'{"code":"200000","data":[["1704877200","1","1","1","1","1","1"]]}', ""))
    with pytest.raises(UserError, match="4h of BTC-USDT do not begin when ours do"):
        await past.page("BTC-USDT", Window(START_NS - DAY_NS, START_NS), None)
    await past.close()


@pytest.mark.parametrize("name", ["kraken"])
async def test_recorded_candles_are_bars_but_the_last_one_which_still_ran(world: World) -> None:
    path = RECORDED / "xchange" / "xchange-kraken" / "example-ohlc-data.json"
    if not path.exists():
        pytest.skip("no recorded bodies here")
    body = path.read_bytes()
    [rows] = [rows for rows in json.loads(body)["result"].values() if isinstance(rows, list)]
    history = bar_history_of("kraken", world.settings, world.clock)
    await history.resolve(["BTC-USD"])
    world.server.refusals.append((200, body, ""))
    bars = (await history.bars("BTC-USD", Timeframe.M1, rows[0][0] * SECOND_NS, START_NS)).bars
    wanted = [[row[0] * SECOND_NS, *row[1:5], row[6], row[7]] for row in rows[:-1]]
    assert [[one.ts_open_ns, one.open, one.high, one.low, one.close, one.volume, one.trade_count] for one in bars] == wanted
    assert all(Decimal(bar.low) <= Decimal(bar.vwap) <= Decimal(bar.high) for bar in bars)
    await history.close()


@pytest.mark.parametrize("name", ["coinbase-advanced"])
async def test_the_documented_candles_are_bars(world: World) -> None:
    row = b'{"start":"1712192400","low":"66055.14","high":"66331.99","open":"66312.4","close":"66181.6","volume":"355.82896243"}'
    history, from_ns = (
        bar_history_of("coinbase-advanced", world.settings, ManualClock(1_712_200_000 * SECOND_NS)),
        1_712_188_800 * SECOND_NS,
    )
    await history.resolve(["BTC-USD"])
    world.server.refusals.append((200, b'{"candles":[' + row + b"]}", ""))
    [bar] = (await history.bars("BTC-USD", Timeframe.H1, from_ns, from_ns + 2 * HOUR_NS)).bars
    assert (bar.ts_open_ns, bar.open, bar.high, bar.low, bar.close) == (from_ns + HOUR_NS, "66312.4", "66331.99", "66055.14", "66181.6")
    assert (bar.volume, bar.quote_volume, bar.vwap, bar.trade_count) == ("355.82896243", "0", "66181.6", 0)
    await history.close()
