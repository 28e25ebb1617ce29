"""What every polled provider promises, as one suite over all that are registered. A new provider adds one entry to DIALECTS.

The server speaks each provider's own REST interface; Kafka stands in memory, and time is moved by the test.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingestors import rest
from ingestors.bar_history import bar_history_of
from ingestors.limits import gate, gates
from ingestors.limits.gates import Gates
from ingestors.polling import ingestor as ingestor_module
from ingestors.polling import timetable
from ingestors.polling.answers import BadAnswer, EmptyAnswer
from ingestors.polling.rows import Series, bars_of
from ingestors.registry import PROVIDERS
from ingestors.rest import Unlisted
from runtime.clock import ManualClock
from runtime.errors import UserError
from runtime.health import Health
from runtime.settings import Settings, load_settings
from runtime.settings.limits import BudgetSettings
from schemas.bars import ProviderBar
from schemas.codec import decode_provider_bar
from schemas.reasons import CATALOGUE
from schemas.ticks import Quote, Trade
from schemas.timeframes import DAY_NS, HOUR_NS, SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.memory_output import MemoryOutput
from tests.poll_server import START_NS, Candle, Polled, PollServer, length_ns, poll_server
from tests.polled.catalogue import POLLED
from tests.support import eventually_async
from tickerplant.backfill.ask import Window
from tickerplant.backfill.past import past_of

DIALECTS: dict[str, Any] = {one.name: one for one in POLLED}
every_provider = pytest.mark.parametrize("name", sorted(DIALECTS))


class World:
    """A provider's server, an ingestor at it, and what came out."""

    def __init__(self, dialect: Polled, server: PollServer, url: str, clock: ManualClock) -> None:
        self.dialect, self.server, self.clock = dialect, server, clock
        self.first, self.second = dialect.symbols
        self.output = MemoryOutput()
        self.health = Health(f"ingest-{dialect.name}", clock)
        self._url = url

    @property
    def folder(self) -> str:
        return self.dialect.name.replace("-", "_")

    def settings(self, **more: Any) -> Settings:
        """more: of the provider's section."""
        return load_settings(**self.dialect.sections(self._url, **more), ingest={"watermark_interval_s": 0.02})

    def ingestor(self, **more: Any) -> Any:
        module = import_module(f"ingestors.{self.folder}.ingestor")
        return module.build(self.settings(**more), "", self.clock, self.health, self.output)

    def history(self, **more: Any) -> Any:
        return bar_history_of(self.dialect.name, self.settings(**more), self.clock)

    @asynccontextmanager
    async def ingesting(self, **more: Any) -> AsyncIterator[Any]:
        """Until the block ends, then in order. Its end is awaited on the way: what ended it fails the test."""
        ingestor = self.ingestor(**more)
        running = asyncio.ensure_future(ingestor.run())
        try:
            yield ingestor
        finally:
            ingestor.stop()
            await asyncio.wait_for(running, 20)

    def bars(self, symbol: str) -> list[ProviderBar]:
        found = [decode_provider_bar(value) for topic, _, value in self.output.sent if topic is Topic.BARS_RAW]
        return [bar for bar in found if bar.symbol == symbol]

    def expected(self, symbol: str) -> list[Candle]:
        """Bars that have been closed for long enough to be published."""
        from_ns = START_NS - (20 if self.dialect.timeframe is Timeframe.D1 else 5) * DAY_NS
        found = self.server.market.candles(symbol, self.dialect.timeframe, from_ns, self.clock.now_ns())
        return [candle for candle in found if candle.close_ns + 5 * SECOND_NS <= self.clock.now_ns()]

    async def has(self, symbol: str, number: int) -> None:
        """So many bars came out, none twice, in order, and they are the market's newest."""
        await eventually_async(lambda: len(self.bars(symbol)) >= number)
        got = [(bar.ts_open_ns, bar.ts_close_ns, bar.open, bar.high, bar.low, bar.close) for bar in self.bars(symbol)]
        wanted = [(one.open_ns, one.close_ns, *self.dialect.seen(one)) for one in self.expected(symbol)[-number:]]
        assert [(*times, *(float(price) for price in prices)) for *times, prices in ((a, b, c) for a, b, *c in got)] == [
            (*times, *(float(price) for price in prices)) for *times, prices in ((a, b, c) for a, b, *c in wanted)
        ]

    async def next_bar(self) -> None:
        """Time goes on until one more bar has been closed for long enough. Equities' longer bars end with their session."""
        before = {symbol: len(self.expected(symbol)) for symbol in self.dialect.symbols}
        while any(len(self.expected(symbol)) == number for symbol, number in before.items()):
            self.clock.advance_s(length_ns(self.dialect.timeframe) / SECOND_NS / 4)


@pytest.fixture
async def world(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(ingestor_module, "TURN_S", 0.01)
    monkeypatch.setattr(ingestor_module, "_FOLLOW_S", 0.05)
    monkeypatch.setattr(timetable, "AGAIN_S", 0.001)
    monkeypatch.setattr(timetable, "AGAIN_CAP_S", 0.01)
    monkeypatch.setattr(rest, "_SAID_NO_S", 0.001)
    monkeypatch.setattr(rest, "_ATTEMPTS", 1)
    monkeypatch.setattr(gate, "ASK_AGAIN_S", 0.01)
    dialect, clock = DIALECTS[name](), ManualClock(START_NS)
    monkeypatch.setattr(gates, "_of_process", Gates(clock, {name: BudgetSettings()}))
    async with poll_server(dialect, clock) as (server, url):
        yield World(dialect, server, url, clock)


def test_00_every_polled_provider_has_a_dialect() -> None:
    assert DIALECTS.keys() == {name for name, provider in PROVIDERS.items() if provider.transport == "poll"}


@every_provider
async def test_01_asks_and_publishes_closed_bars_once_and_in_order(world: World) -> None:
    async with world.ingesting():
        for symbol in world.dialect.symbols:
            await world.has(symbol, 5)
        await world.next_bar()
        for symbol in world.dialect.symbols:
            await eventually_async(lambda symbol=symbol: len(world.bars(symbol)) > 5)
            await world.has(symbol, len(world.bars(symbol)))
        assert {answer for _, answer in world.health.ready()[1].items()} == {""}
        sources = {(bar.source, bar.kind, bar.timeframe) for bar in world.bars(world.first)}
        assert sources == {(world.dialect.name, "provider", world.dialect.timeframe.value)}


@every_provider
async def test_02_newest_quotes_and_trades_are_published_when_they_are_new(world: World) -> None:
    symbol = next((one for one in world.dialect.symbols if world.dialect.ticks(world.server.market, one)), None)
    if symbol is None:
        pytest.skip("the provider has bars only")
    async with world.ingesting():
        expected = []
        for _ in range(3):
            expected.append(world.dialect.ticks(world.server.market, symbol))
            await eventually_async(lambda: len(_of(world.output.ticks, symbol)) == len(expected))
            calls = len(world.server.calls)
            world.clock.advance_s(10)
            await eventually_async(lambda calls=calls: len(world.server.calls) > calls)
        await eventually_async(lambda: len(_of(world.output.ticks, symbol)) == len(expected) + 1)
        assert _of(world.output.ticks, symbol)[: len(expected)] == expected
        marks = [mark.ts_event_ns for mark in world.output.watermarks if mark.partition == 0]
        assert marks == sorted(set(marks))
        assert marks[-1] < world.clock.now_ns()


def _of(ticks: list[Any], symbol: str) -> list[object]:
    return [_plain(tick) for tick in ticks if tick.symbol == symbol]


def _plain(tick: Trade | Quote) -> object:
    if isinstance(tick, Quote):
        return ("quote", tick.bid, tick.ask, tick.ts_event_ns)
    return ("trade", tick.price, tick.size, tick.ts_event_ns)


@every_provider
async def test_03_recorded_and_documented_bodies_are_bars(world: World) -> None:
    history = world.history()
    bodies = list(world.dialect.recorded())
    assert bodies
    for symbol, timeframe, body in bodies:
        world.server.refusals.append((200, body, ""))
        bars = bars_of(
            await history.rows(symbol, timeframe, START_NS - DAY_NS, START_NS), Series(symbol, history.source, timeframe), START_NS
        )
        assert bars, (symbol, timeframe)
        assert len(bars) == len({bar.ts_open_ns for bar in bars})
        for bar in bars:
            assert 9e17 < bar.ts_open_ns < bar.ts_close_ns
            assert 0 < float(bar.low) <= min(float(bar.open), float(bar.close)) <= max(float(bar.open), float(bar.close)) <= float(bar.high)
    await history.close()


@every_provider
async def test_04_an_answer_that_nobody_knows_is_a_dead_letter_and_the_feed_goes_on(world: World) -> None:
    await _refused(world, world.dialect.unknown)


@every_provider
async def test_05_an_answer_that_is_cut_off_is_a_dead_letter_and_the_feed_goes_on(world: World) -> None:
    await _refused(world, world.dialect.malformed)


async def _refused(world: World, body: bytes) -> None:
    world.server.refusals.append((200, body, ""))
    async with world.ingesting():
        await eventually_async(lambda: world.output.letters)
        world.clock.advance_s(1)
        for symbol in world.dialect.symbols:
            await world.has(symbol, 5)
    [letter] = world.output.letters
    assert letter.payload == body
    assert letter.reason in CATALOGUE


@every_provider
@pytest.mark.parametrize("kind", ["empty", "away"])
async def test_06_an_empty_answer_for_a_known_symbol_is_an_outage_told_as_a_gap_and_filled(world: World, kind: str) -> None:
    async with world.ingesting(symbols=(world.first,)):
        await world.has(world.first, 5)
        world.server.instead = world.dialect.empty if kind == "empty" else (503, b"")
        await world.next_bar()
        await _passing(world, lambda: _told(world, "open"))
        assert "no answer for" in str(world.health.ready()[1]["answers"])
        await world.next_bar()
        world.server.instead = None
        await _passing(world, lambda: _told(world, "filled"))
        await world.has(world.first, len(world.bars(world.first)))
        assert len(world.bars(world.first)) >= 7
    told = [(gap.cause, gap.state) for gap in world.output.gaps if gap.channel == "bar"]
    assert told == [("silence", "open"), ("silence", "filled")]
    assert len({gap.gap_id for gap in world.output.gaps if gap.channel == "bar"}) == 1


def _told(world: World, state: str) -> list[Any]:
    return [gap for gap in world.output.gaps if gap.channel == "bar" and gap.state == state]


async def _passing(world: World, check: Any) -> None:
    """Time goes on until something happens."""

    def look() -> Any:
        found = check()
        if not found:
            world.clock.advance_s(2)
        return found

    await eventually_async(look)


@every_provider
async def test_10_a_limit_is_waited_for(world: World) -> None:
    world.server.refusals.append((429, b"", "Retry-After: 3\r\n"))
    async with world.ingesting(parallel_calls=1):
        await eventually_async(lambda: len(world.server.calls) == 1)
        await asyncio.sleep(0.1)
        assert len(world.server.calls) == 1  # nothing is asked until the limit is over
        world.clock.advance_s(3.1)
        await world.has(world.first, 5)
        assert world.output.gaps == []


@every_provider
async def test_11_a_limit_inside_a_good_answer_is_a_limit(world: World) -> None:
    if not world.dialect.hidden_limit:
        pytest.skip("the provider says it with a status")
    world.server.refusals.append((200, world.dialect.hidden_limit, ""))
    async with world.ingesting(parallel_calls=1):
        await eventually_async(lambda: len(world.server.calls) == 1)
        await asyncio.sleep(0.1)
        assert len(world.server.calls) == 1
        world.clock.advance_s(DAY_NS / SECOND_NS)
        await eventually_async(lambda: len(world.bars(world.first)) >= 5)
        assert world.output.letters == []


@every_provider
async def test_12_a_refused_key_is_the_users_to_mend(world: World) -> None:
    status, body = world.dialect.auth_error
    world.server.refusals += [(status, body, "")] * 20
    with pytest.raises(UserError, match=r"refuses .*; check providers\."):
        await asyncio.wait_for(world.ingestor().run(), 20)


@every_provider
def test_12_a_missing_key_names_its_setting(name: str, tmp_path: Path) -> None:
    dialect = DIALECTS[name]()
    assert bool(PROVIDERS[name].key) is ("api_key" in dialect.section and dialect.section["api_key"] is not None)
    if not PROVIDERS[name].key:
        pytest.skip("the provider wants no key")
    with pytest.raises(UserError, match=f"{name} needs a key: set {PROVIDERS[name].key} in the settings"):
        bar_history_of(name, load_settings(), ManualClock(START_NS))


@every_provider
async def test_13_a_symbol_that_is_not_there_costs_the_others_nothing_and_is_said(world: World) -> None:
    async with world.ingesting(symbols=(world.first, world.dialect.stranger)):
        await world.has(world.first, 5)
        await _passing(world, lambda: world.dialect.stranger in str(world.health.ready()[1]))
    if world.dialect.says_unlisted:
        with pytest.raises(UserError, match=f"does not list {world.dialect.stranger}; correct providers"):
            await asyncio.wait_for(world.ingestor(symbols=(world.dialect.stranger,)).run(), 20)


@every_provider
async def test_14_nothing_is_asked_while_the_market_is_closed(world: World) -> None:
    if world.first[-4:] == "-USD" and world.first.startswith("BTC"):
        pytest.skip("it never closes")
    async with world.ingesting(symbols=(world.first,)):
        await world.has(world.first, 5)
        saturday_ns = START_NS + 3 * DAY_NS
        world.clock.set_ns(saturday_ns)
        await eventually_async(lambda: len(world.bars(world.first)) > 5)
        await asyncio.sleep(0.1)
        calls = len(world.server.calls)
        for _ in range(8):
            world.clock.set_ns(world.clock.now_ns() + 3 * HOUR_NS)
            await asyncio.sleep(0.02)
        assert len(world.server.calls) == calls


@every_provider
async def test_15_the_past_is_given_page_by_page(world: World) -> None:
    history = world.history()
    symbol, timeframe = world.first, world.dialect.timeframe
    back_ns = min(dict(history.lookback_ns).get(timeframe, 20 * DAY_NS), 3 * (history.until_ns(timeframe, START_NS) - START_NS))
    from_ns: int | None = START_NS - back_ns
    assert from_ns is not None
    bars, pages, begin_ns = list[ProviderBar](), 0, from_ns
    while from_ns is not None:
        page = await history.bars(symbol, timeframe, from_ns, START_NS)
        bars += page.bars
        pages += 1
        assert page.next_ns is None or page.next_ns > from_ns
        from_ns = page.next_ns
    wanted = [one for one in world.server.market.candles(symbol, timeframe, begin_ns, START_NS) if one.close_ns <= START_NS]
    assert [bar.ts_open_ns for bar in bars] == [one.open_ns for one in wanted]
    assert pages == len(world.server.calls)
    await history.close()


@every_provider
async def test_15_a_timeframe_that_it_does_not_have_is_refused_in_words(world: World) -> None:
    history = world.history()
    missing = next(timeframe for timeframe in reversed(Timeframe) if timeframe not in history.timeframes)
    with pytest.raises(UserError, match=f"has no bars of {missing}; it has"):
        await history.bars(world.first, missing, 0, START_NS)
    await history.close()


@pytest.mark.parametrize("name", ["yahoo"])
async def test_15_hours_from_half_past_are_none_of_ours(world: World) -> None:
    history = world.history()
    stamps = [START_NS // SECOND_NS // 3_600 * 3_600 - hours * 3_600 + 1_800 for hours in (3, 2)]
    columns = {column: [1.0, 1.0] for column in ("open", "high", "low", "close", "volume")}
    result = {"meta": {"symbol": "AAPL"}, "timestamp": stamps, "indicators": {"quote": [columns]}}
    world.server.refusals.append((200, msgspec.json.encode({"chart": {"result": [result]}}), ""))
    with pytest.raises(UserError, match="no bars of 1h of AAPL that begin where ours do"):
        await history.bars("AAPL", Timeframe.H1, START_NS - DAY_NS, START_NS)
    await history.close()


@every_provider
async def test_15_what_is_wrong_with_the_past_is_said(world: World) -> None:
    history, stranger = world.history(), world.dialect.stranger
    with pytest.raises(Unlisted if world.dialect.says_unlisted else EmptyAnswer):
        await history.bars(stranger, world.dialect.timeframe, START_NS - 4 * DAY_NS, START_NS)
    world.server.refusals.append((200, world.dialect.malformed, ""))
    with pytest.raises(BadAnswer):
        await history.bars(world.first, world.dialect.timeframe, START_NS - DAY_NS, START_NS)
    await history.close()


@every_provider
async def test_09_a_restarted_process_goes_on_without_repeats(world: World) -> None:
    async with world.ingesting():
        for symbol in world.dialect.symbols:
            await world.has(symbol, 5)
    await world.next_bar()
    await world.next_bar()
    async with world.ingesting():
        for symbol in world.dialect.symbols:
            await eventually_async(lambda symbol=symbol: len(world.bars(symbol)) >= 7)
            await world.has(symbol, len(world.bars(symbol)))
        for symbol in world.dialect.symbols:
            ticks = [tick.ts_event_ns for tick in world.output.ticks if tick.symbol == symbol]
            assert len(ticks) == len(set(ticks))


@every_provider
@pytest.mark.parametrize("is_restarted", [False, True], ids=["running", "restarted"])
async def test_18_bars_that_the_provider_restates_are_sent_again_once(world: World, is_restarted: bool) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(world.ingesting(symbols=(world.first,)))
        await world.has(world.first, 5)
        if is_restarted:
            await stack.aclose()
        before, known_ns = world.bars(world.first), world.clock.now_ns()
        world.server.market.restate(before[-1].ts_close_ns)
        await world.next_bar()
        if is_restarted:
            await stack.enter_async_context(world.ingesting(symbols=(world.first,)))
        newest_ns = world.expected(world.first)[-1].open_ns
        await eventually_async(lambda: world.bars(world.first)[-1].ts_open_ns == newest_ns)
        await world.next_bar()
        await eventually_async(lambda: world.bars(world.first)[-1].ts_open_ns > newest_ns)
    sent = world.bars(world.first)[len(before) :]
    again = {bar.ts_open_ns: bar for bar in sent if bar.again}
    assert again.keys() >= {bar.ts_open_ns for bar in before}
    assert len(again) == sum(bar.again for bar in sent) == len(sent) - len({bar.ts_open_ns for bar in sent if not bar.again})
    assert all(bar.known_at_ns > known_ns for bar in sent)
    for bar in before:
        assert float(again[bar.ts_open_ns].close) == pytest.approx(float(bar.close) + 1)


@every_provider
async def test_17_a_backfill_reads_the_past_of_a_window(world: World) -> None:
    timeframe, symbol = world.dialect.timeframe, world.first
    past = past_of(world.dialect.name, timeframe, "", world.settings(), world.clock)
    await past.resolve(world.dialect.symbols)
    back_ns = 20 * DAY_NS if timeframe is Timeframe.D1 else 20 * HOUR_NS
    window, at, opens = Window(START_NS - back_ns, START_NS), None, list[int]()
    while True:
        page = await past.page(symbol, window, at)
        opens += [event.bar.ts_open_ns for event in page.events if event.bar]
        at = page.next
        if at is None:
            break
    wanted = world.server.market.candles(symbol, timeframe, START_NS - back_ns, START_NS)
    assert opens == [one.open_ns for one in wanted if one.close_ns <= START_NS]
    assert past.source == world.dialect.name
    await past.close()


@every_provider
async def test_16_a_stop_ends_at_once_also_while_a_limit_holds_a_call_up(world: World) -> None:
    world.server.refusals.append((429, b"", "Retry-After: 3600\r\n"))
    async with world.ingesting(parallel_calls=1):
        await eventually_async(lambda: world.server.calls)
    assert world.output.bars == []
    async with world.ingesting():
        world.clock.advance_s(3600)
        await eventually_async(lambda: len(world.bars(world.first)) >= 5)


@every_provider
async def test_22_symbols_come_and_go_at_run_time(world: World) -> None:
    world.output.asked = (world.first,)
    async with world.ingesting() as ingestor:
        await world.has(world.first, 5)
        assert world.bars(world.second) == []
        world.output.asked = world.dialect.symbols
        await world.has(world.second, 5)
        world.output.asked = (world.second,)
        await eventually_async(lambda: ingestor._changes.symbols == {world.second} and ingestor._change is None)
        await world.next_bar()
        await eventually_async(lambda: len(world.bars(world.second)) > 5)
        assert len(world.bars(world.first)) == 5
