"""Every provider as a user runs it: `tickerplant ingest NAME` as a process between the provider's local server and a real Kafka, and an end in order.

All run once, a few at a time; then each one's records are looked at.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ingestors.registry import PROVIDERS
from runtime.clock import SystemClock
from schemas.bars import ProviderBar
from schemas.books import Book
from schemas.codec import decode_dead_letter, decode_order_book, decode_provider_bar, decode_raw_ticks
from schemas.dead_letters import DeadLetter
from schemas.reasons import Reason
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from tests.dialect import Dialect
from tests.feeds import read_topic
from tests.poll_server import Market, Polled, poll_server
from tests.polled.catalogue import POLLED
from tests.support import as_environment, eventually_async, start_tickerplant
from tests.venue_server import venue
from tests.venues.catalogue import STREAMED

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
STREAMS = {one.name: one for one in STREAMED}
POLLS = {one.name: one for one in POLLED}
AT_ONCE = 4
SLOW_S = 180.0  # nothing here takes so long on any machine
DEALS = 5  # of each symbol


@dataclass
class Written:
    """What is in the topics by now, of all providers."""

    ticks: list[tuple[str, Trade | Quote]] = field(default_factory=list)  # with their sources
    books: list[Book] = field(default_factory=list)
    bars: list[ProviderBar] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def trades(self, dialect: Dialect, symbol: str) -> list[int | str]:
        """Ids of what a streaming provider told of a symbol's deals, in order."""
        ticks = [tick for source, tick in self.ticks if (source, tick.symbol) == (dialect.name, symbol)]
        quoted = [tick.update_id for tick in ticks if isinstance(tick, Quote)]
        return [*quoted] if dialect.quoted else [tick.trade_id for tick in ticks if isinstance(tick, Trade)]


@dataclass
class Ran:
    """All that ran. dialects: each provider's, as its server left it; codes, logs: each process' end and words."""

    line: Any
    folder: Path
    written: Written = field(default_factory=Written)
    dialects: dict[str, Any] = field(default_factory=dict)
    deals: dict[str, dict[str, list[int | str]]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    @asynccontextmanager
    async def process(self, name: str, sections: dict[str, Any]) -> AsyncIterator["subprocess.Popen[bytes]"]:
        """The provider's, ended in order after the block."""
        process = start_tickerplant("ingest", name, env=self.line.env(**as_environment(sections)), log=self.folder / f"{name}.log")
        try:
            yield process
            process.terminate()
            self.codes[name] = await asyncio.to_thread(process.wait, SLOW_S)
        finally:
            process.kill()
            process.wait()

    async def until(self, process: "subprocess.Popen[bytes]", name: str, check: Callable[[], Any]) -> None:
        def checked() -> Any:
            if process.poll() is not None:
                pytest.fail(f"{name} ended with {process.returncode}: {self.log(name)[-3000:]}")
            assert check(), f"{name} does not get on"
            return True

        await eventually_async(checked, SLOW_S, 0.05)

    async def stream(self, name: str) -> None:
        dialect = self.dialects[name] = STREAMS[name]()
        async with venue(dialect) as (server, *urls), self.process(name, dialect.sections(*urls, **dialect.book_settings)) as process:
            await self.until(process, name, lambda: server.subscribed == set(dialect.symbols))
            for symbol in dialect.symbols:
                server.happen(symbol, DEALS)
            told = {symbol: [dialect.trade_id(deal) for deal in server.deals if deal.symbol == symbol] for symbol in dialect.symbols}
            self.deals[name] = told
            await self.until(process, name, lambda: {symbol: self.written.trades(dialect, symbol) for symbol in told} == told)
            if dialect.book_settings:
                for symbol in dialect.symbols:
                    for frame in dialect.book(symbol):
                        server.say(frame, symbol)
                await self.until(process, name, lambda: self._has_books(dialect))

    def _has_books(self, dialect: Dialect) -> bool:
        return set(dialect.symbols) <= {book.symbol for book in self.written.books if book.source == dialect.name}

    async def poll(self, name: str) -> None:
        dialect = self.dialects[name] = POLLS[name]()
        async with poll_server(dialect, SystemClock()) as (server, url), self.process(name, dialect.sections(url)) as process:
            await self.until(process, name, lambda: self._has_bars(dialect) and self._has_ticks(dialect, server.market))

    def _has_bars(self, dialect: Polled) -> bool:
        bars = [bar.symbol for bar in self.written.bars if bar.source == dialect.name]
        return all(bars.count(symbol) >= 5 for symbol in dialect.symbols)

    def _has_ticks(self, dialect: Polled, market: Market) -> bool:
        wanted = {symbol for symbol in dialect.symbols if dialect.ticks(market, symbol)}
        return wanted <= {tick.symbol for source, tick in self.written.ticks if source == dialect.name}

    async def read_on(self) -> None:
        """Keeps `written` up to date."""
        while True:
            await self.read()
            await asyncio.sleep(0.3)

    async def read(self) -> None:
        found = Written()
        for record in [decode_raw_ticks(value) for value in await self._values(Topic.TICKS_RAW)]:
            if isinstance(record, TickEnvelope):
                found.ticks += [(record.source, tick) for tick in record.ticks]
        found.books = [decode_order_book(value) for value in await self._values(Topic.BOOKS)]
        found.bars = [decode_provider_bar(value) for value in await self._values(Topic.BARS_RAW)]
        found.letters = [decode_dead_letter(value) for value in await self._values(Topic.DLQ)]
        self.written = found

    async def _values(self, topic: Topic) -> list[bytes]:
        messages = await asyncio.to_thread(read_topic, self.line.settings, self.line.addresses.kafka, topic)
        return [message.value() for message in messages]


@pytest.fixture(scope="module")
def ran(module_line: Any, untraced_children: None, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    world = Ran(module_line, tmp_path_factory.mktemp("providers"))
    asyncio.run(_run_all(world))
    return world


async def _run_all(world: Ran) -> None:
    reading, places = asyncio.ensure_future(world.read_on()), asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with places:
            await (world.stream(name) if name in STREAMS else world.poll(name))

    await asyncio.gather(*(one(name) for name in (*STREAMS, *POLLS)))
    reading.cancel()
    await asyncio.wait([reading])
    await world.read()


def test_every_provider_that_is_asked_or_listened_to_is_here() -> None:
    assert STREAMS.keys() | POLLS.keys() == {name for name, provider in PROVIDERS.items() if provider.transport != "files"}


@pytest.mark.parametrize("name", sorted(STREAMS.keys() | POLLS.keys()))
def test_the_process_ends_in_order_and_refused_nothing(ran: Ran, name: str) -> None:
    assert ran.codes[name] == 0
    assert '"event": "stopped"' in ran.log(name)
    assert "Traceback" not in ran.log(name)
    assert [letter for letter in ran.written.letters if letter.stage == f"ingest.{name}"] == []


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_a_streams_trades_are_on_the_topic_once_and_in_order(ran: Ran, name: str) -> None:
    for symbol, ids in ran.deals[name].items():
        assert ran.written.trades(ran.dialects[name], symbol) == ids
        assert len(ids) == DEALS


@pytest.mark.parametrize("name", sorted(name for name, one in STREAMS.items() if one.book_settings))
def test_a_streams_books_begin_with_a_whole_one(ran: Ran, name: str) -> None:
    for symbol in ran.dialects[name].symbols:
        books = [book for book in ran.written.books if (book.source, book.symbol) == (name, symbol)]
        assert books[0].kind == "snapshot"
        assert books[0].bids
        assert books[0].asks
        assert {book.reason for book in books if book.kind == "invalid"} <= {Reason.RECONNECTED}  # at its connection's end


@pytest.mark.parametrize("name", sorted(POLLS))
def test_a_polled_providers_bars_are_the_markets(ran: Ran, name: str) -> None:
    dialect, market = ran.dialects[name], Market(SystemClock())
    for symbol in dialect.symbols:
        bars = [bar for bar in ran.written.bars if (bar.source, bar.symbol) == (name, symbol)]
        first_ns = bars[0].ts_open_ns
        candles = {one.open_ns: one for one in market.candles(symbol, dialect.timeframe, first_ns, bars[-1].ts_open_ns + DAY_NS)}
        told = [(bar.ts_open_ns, *map(float, (bar.open, bar.high, bar.low, bar.close))) for bar in bars]
        assert told == [(at_ns, *map(float, dialect.seen(candles[at_ns]))) for at_ns in sorted(candles)[: len(bars)]]
