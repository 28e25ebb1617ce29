"""A local REST interface of any polled provider: a market that all of them tell of in their own words, and faults."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from ingestors.polling.rows import interval
from runtime.clock import Clock
from schemas.sessions import calendar_of
from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS, FIXED_NS, SECOND_NS, Timeframe

RECORDED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
START_NS = 1_704_898_830 * SECOND_NS  # Wednesday 2024-01-10 15:00:30 UTC: New York and FX are open


@dataclass(frozen=True)
class Candle:
    """What happened in one interval."""

    open_ns: int
    close_ns: int
    open: str
    high: str
    low: str
    close: str
    volume: str


class Market:
    """Prices that follow from time alone, so that any answer can be checked. fractions: 0.01 steps, no more than single precision holds."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.raised_until_ns = 0

    def restate(self, until_ns: int) -> None:
        """From now on all prices of intervals that begin before it are higher by one, and more was traded in them."""
        self.raised_until_ns = until_ns

    def candles(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> list[Candle]:
        """Those that begin in the time and before the present, the open one too, ascending."""
        calendar, found, at_ns = calendar_of(asset_class_of(symbol)), [], from_ns
        end_ns = min(to_ns, self.clock.now_ns())
        while (opens_ns := calendar.next_open_ns(at_ns)) is not None:
            begin_ns, close_ns = interval(symbol, timeframe, opens_ns)
            if begin_ns >= end_ns:
                return found
            if begin_ns >= from_ns:
                found.append(self._candle(symbol, begin_ns, close_ns))
            at_ns = max(close_ns, at_ns + 1)
        return found

    def _candle(self, symbol: str, begin_ns: int, close_ns: int) -> Candle:
        number = begin_ns // (60 * SECOND_NS) % 1_000
        base = Decimal(100 + 10 * (sum(symbol.encode()) % 7)) + Decimal(number) / 100
        raised = int(begin_ns < self.raised_until_ns)
        texts = (format(base + raised + Decimal(step) / 100, "f") for step in (0, 25, -25, 10))
        return Candle(begin_ns, close_ns, *texts, volume=str(1_000 + number + raised))

    def price(self, symbol: str) -> tuple[str, int]:
        """The newest price and its time: a new one each ten seconds."""
        at_ns = self.clock.now_ns() // (10 * SECOND_NS) * 10 * SECOND_NS
        return self._candle(symbol, at_ns, at_ns).close, at_ns


@dataclass(frozen=True)
class Request:
    """One question. query, headers: names in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


Answer = tuple[int, bytes]


class Answers(Protocol):
    """What the server says to a question."""

    def answer(self, request: Request, market: Market) -> Answer: ...


class Polled(Answers, Protocol):
    """One provider's REST interface, for the server and the suite.

    symbols: two that it has. timeframe: one that it has bars of. section: what the settings need beside addresses, such as a key.
    unknown, malformed: bodies that are no answer, and that are cut off. hidden_limit: with status 200, too many calls; b"" where it never says so.
    auth_error: to a wrong key. empty: an answer without a row. stranger: a symbol that it does not have; says_unlisted: it says so, and not an empty answer.
    """

    name: str
    symbols: tuple[str, str]
    timeframe: Timeframe
    section: Mapping[str, object]
    unknown: bytes
    malformed: bytes
    hidden_limit: bytes
    auth_error: Answer
    empty: Answer
    stranger: str
    says_unlisted: bool

    def sections(self, url: str, **more: object) -> dict[str, object]:
        """Where the settings stand that lead its ingestor to a server. more: of its section; None takes a setting out."""
        section: dict[str, object] = {"rest_url": url, "symbols": self.symbols, "timeframes": [self.timeframe], "bars_delay_s": 5.0}
        section |= {"first_bars": 5, "poll_interval_s": 10.0, "gap_after_s": 30.0, "ticks_delay_s": 1.0} | dict(self.section) | more
        return {"providers": {self.name.replace("-", "_"): {name: value for name, value in section.items() if value is not None}}}

    def seen(self, candle: Candle) -> tuple[str, str, str, str]:
        """What of a candle it tells: open, high, low, close."""
        return candle.open, candle.high, candle.low, candle.close

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        """Recorded or documented bodies of bars: (symbol, timeframe, body)."""

    def ticks(self, market: Market, symbol: str) -> object:
        """What `ticks` is to give of a symbol now, without ts_ingest_ns: (kind, price or bid, ask, event time); None: it has no ticks."""


@dataclass
class PollServer:
    """refusals: (status, body, more header lines), for the next calls. instead: what is answered to everything."""

    dialect: Answers
    market: Market
    refusals: list[tuple[int, bytes, str]] = field(default_factory=list)
    calls: list[Request] = field(default_factory=list)
    instead: Answer | None = None

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            writer.close()
            return
        lines = head.split("\r\n")
        split = urlsplit(lines[0].split(" ", 2)[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        request = Request(split.path, dict(parse_qsl(split.query)), headers)
        self.calls.append(request)
        if self.instead:
            (status, body), more = self.instead, ""
        elif self.refusals:
            status, body, more = self.refusals.pop(0)
        else:
            (status, body), more = self.dialect.answer(request, self.market), ""
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n".encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def poll_server(dialect: Answers, clock: Clock) -> AsyncIterator[tuple[PollServer, str]]:
    """(server, its URL)."""
    server = PollServer(dialect, Market(clock))
    running = await asyncio.start_server(server.http, "127.0.0.1", 0)
    try:
        yield server, f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()


def length_ns(timeframe: Timeframe) -> int:
    return FIXED_NS.get(timeframe, 31 * DAY_NS)
