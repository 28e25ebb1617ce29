"""A venue's trades as a backfill pages through them, from servers that speak the venues' own protocols."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ingestors.binance.ingestor import BinanceVenue
from ingestors.coinbase.ingestor import CoinbaseVenue
from ingestors.kraken.ingestor import KrakenVenue
from runtime.errors import TransientError, UserError
from runtime.settings.providers import BinanceSettings, CoinbaseSettings
from runtime.settings.providers.kraken import KrakenSettings
from schemas.ticks import Trade
from tests.dialect import START_NS, STEP_NS
from tests.venue_server import venue
from tests.venues.binance import Binance
from tests.venues.coinbase import Coinbase
from tests.venues.kraken import Kraken
from tickerplant.backfill.ask import Window
from tickerplant.backfill.fetch import fetch
from tickerplant.backfill.past import Page, PastTrades
from tickerplant.backfill.spool import Spool

DEALS = 2_500
VENUES: dict[str, tuple[Any, Any]] = {
    "binance": (Binance, lambda rest: BinanceVenue(BinanceSettings(rest_url=rest))),
    "coinbase": (Coinbase, lambda rest: CoinbaseVenue(CoinbaseSettings(rest_url=rest))),
    "kraken": (Kraken, lambda rest: KrakenVenue(KrakenSettings(rest_url=rest))),
}
every_venue = pytest.mark.parametrize("name", sorted(VENUES))


def moment(deal: int) -> int:
    """When a trade happened, from 1."""
    return START_NS + (deal - 1) * STEP_NS


async def ids_of(past: PastTrades, symbol: str, window: Window, spool: Spool) -> list[Any]:
    await fetch(past, symbol, window, spool, lambda now: None, lambda text: None)
    return [event.tick.trade_id for event in spool.events() if isinstance(event.tick, Trade)]


def past_at(name: str, rest: str) -> PastTrades:
    return PastTrades(VENUES[name][1](rest), "past")


@every_venue
async def test_windows_beside_each_other_hold_every_trade_once(name: str, tmp_path: Path) -> None:
    async with venue(VENUES[name][0]()) as (server, _, rest):
        symbol = server.dialect.symbols[0]
        server.happen(symbol, DEALS)
        past = past_at(name, rest)
        await past.resolve([symbol])
        first, second = Window(moment(11), moment(1_700)), Window(moment(1_700), moment(DEALS + 500))
        assert await ids_of(past, symbol, first, Spool(tmp_path / "1")) == list(range(11, 1_700))
        assert await ids_of(past, symbol, second, Spool(tmp_path / "2")) == list(range(1_700, DEALS + 1))
        late, empty = Window(moment(DEALS + 1), moment(DEALS + 2)), Spool(tmp_path / "3")
        assert await ids_of(past, symbol, late, empty) == []
        assert (empty.complete, empty.rows) == (True, 0)
        await past.close()


@every_venue
async def test_a_fetch_goes_on_where_it_was_ended(name: str, tmp_path: Path) -> None:
    async with venue(VENUES[name][0]()) as (server, _, rest):
        symbol = server.dialect.symbols[0]
        server.happen(symbol, DEALS)
        past = past_at(name, rest)
        await past.resolve([symbol])
        window, spool = Window(START_NS, moment(DEALS)), Spool(tmp_path / "1")
        spool.append(await past.page(symbol, window, None))
        assert (spool.rows, spool.next, spool.complete) == (1_000, 1_001, False)
        calls = len(server.calls)
        assert await ids_of(past, symbol, window, Spool(tmp_path / "1")) == list(range(1, DEALS))
        # The place of the window's end is known from before. Kraken's pages overlap by a trade, so that it is asked once more for a whole thousand.
        assert len(server.calls) - calls == (3 if name == "kraken" else 2)
        events = list(Spool(tmp_path / "1").events())
        assert {
            (event.source, event.tick.primary, event.tick.ts_ingest_ns == event.tick.ts_event_ns) for event in events if event.tick
        } == {("past", False, True)}
        await past.close()


@every_venue
async def test_a_fetch_goes_on_in_another_process(name: str, tmp_path: Path) -> None:
    async with venue(VENUES[name][0]()) as (server, _, rest):
        symbol = server.dialect.symbols[0]
        server.happen(symbol, DEALS)
        window = Window(moment(7), moment(DEALS))
        for _ in range(2):
            past, spool = past_at(name, rest), Spool(tmp_path / "1")
            await past.resolve([symbol])
            spool.append(await past.page(symbol, window, spool.next))
            await past.close()
        past = past_at(name, rest)
        await past.resolve([symbol])
        assert await ids_of(past, symbol, window, Spool(tmp_path / "1")) == list(range(7, DEALS))
        await past.close()


async def test_numbers_that_the_provider_does_not_have_do_not_end_a_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with venue(Coinbase()) as (server, _, rest):
        symbol = server.dialect.symbols[0]
        server.happen(symbol, DEALS)
        past = past_at("coinbase", rest)
        await past.resolve([symbol])
        ask = past._history.trades

        async def with_a_hole(*question: Any) -> list[Trade]:
            return [trade for trade in await ask(*question) if not 1_000 < int(trade.trade_id) <= 2_100]

        monkeypatch.setattr(past._history, "trades", with_a_hole)
        found = await ids_of(past, symbol, Window(START_NS, moment(DEALS)), Spool(tmp_path / "1"))
        assert found == [*range(1, 1_001), *range(2_101, DEALS)]
        await past.close()


@every_venue
async def test_how_much_it_is_is_known_before(name: str) -> None:
    async with venue(VENUES[name][0]()) as (server, _, rest):
        symbol = server.dialect.symbols[0]
        server.happen(symbol, DEALS)
        past = past_at(name, rest)
        await past.resolve([symbol])
        assert await past.expected(symbol, Window(moment(11), moment(2_011))) == (2_000, 3)
        assert await past.expected(symbol, Window(moment(DEALS + 1), moment(DEALS + 9))) == (0, 1)
        await past.close()


@every_venue
async def test_a_symbol_that_is_not_listed_is_the_users_to_mend(name: str) -> None:
    async with venue(VENUES[name][0]()) as (_, _, rest):
        past = past_at(name, rest)
        with pytest.raises(UserError, match=r"does not list NO-SUCH; leave it out"):
            await past.resolve(["NO-SUCH"])
        await past.close()


class Away(PastTrades):
    """Cannot be asked so many times."""

    def __init__(self, times: int) -> None:
        super().__init__(VENUES["binance"][1]("http://127.0.0.1:9"), "past")
        self.times = times

    async def page(self, symbol: str, window: Window, at: int | None) -> Page:
        self.times -= 1
        if self.times >= 0:
            raise TransientError("HTTP 503")
        return Page([], None, window.to_ns)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waited


async def test_an_outage_is_waited_for_and_told(tmp_path: Path, no_waiting: list[float]) -> None:
    said: list[str] = []
    spool = Spool(tmp_path / "1")
    await fetch(Away(7), "BTC-USDT", Window(0, 1), spool, lambda now: None, said.append)
    assert spool.complete
    assert len(no_waiting) == len(said) == 7
    assert said[0].startswith("BTC-USDT: HTTP 503; asked again in ")


async def test_a_long_outage_ends_the_run_and_not_the_backfill(tmp_path: Path, no_waiting: list[float]) -> None:
    with pytest.raises(TransientError, match="HTTP 503; the same command goes on from here"):
        await fetch(Away(8), "BTC-USDT", Window(0, 1), Spool(tmp_path / "1"), lambda now: None, lambda text: None)
