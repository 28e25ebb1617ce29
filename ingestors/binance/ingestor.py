"""Binance as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Callable, Collection
from itertools import count

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.binance.client import BinanceBarHistory, BinanceClient, BinanceHistory
from ingestors.binance.config import (
    LIFETIME_S,
    NAME,
    REQUEST_INTERVAL_S,
    SECTION,
    STAGE,
    STREAMS_A_MESSAGE,
    check,
    path_of,
    resolve,
    streams_of,
)
from ingestors.binance.parse import Parser, quote_stream
from ingestors.books.keeper import BookRules
from ingestors.events import Event
from ingestors.history import History
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.rest import PATIENCE_S
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers import BinanceSettings


class BinanceSession(Session):
    """One combined stream. Streams are named in its address, or asked for in messages where they are too many or come later."""

    request_interval_s = REQUEST_INTERVAL_S
    lifetime_s = LIFETIME_S

    def __init__(self, settings: BinanceSettings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._numbers = count(1)

    async def address(self, symbols: Collection[str]) -> str:
        return self._settings.websocket_url.rstrip("/") + path_of(self._streams(symbols))

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        streams = self._streams(symbols)
        return [] if first and "=" in path_of(streams) else self._ask("SUBSCRIBE", streams)

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return self._ask("UNSUBSCRIBE", self._streams(symbols))

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def reader(self) -> Callable[[bytes, int], Event | list[Event]]:
        return self._parser.parse

    def _streams(self, symbols: Collection[str]) -> list[str]:
        return streams_of(self._settings, self._names, sorted(symbols))

    def _ask(self, method: str, streams: list[str]) -> list[Request]:
        return [self._request(method, streams[at : at + STREAMS_A_MESSAGE]) for at in range(0, len(streams), STREAMS_A_MESSAGE)]

    def _request(self, method: str, streams: list[str]) -> Request:
        number = next(self._numbers)
        frame = msgspec.json.encode({"method": method, "params": streams, "id": number}).decode()
        return Request(frame, frozenset({str(number)}))


class BinanceVenue(Venue):
    """See ingestors.venue."""

    section = SECTION
    trade_ids_contiguous = True

    def __init__(self, settings: BinanceSettings, patience_s: float | None = PATIENCE_S) -> None:
        check(settings)
        self.settings: BinanceSettings = settings
        self._client = BinanceClient(settings.rest_url, STAGE, patience_s=patience_s)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.symbols())

    def session(self, names: Names) -> Session:
        return BinanceSession(self.settings, names, Parser(names.canonical, self.settings.source, self.settings.clock == "capture"))

    def history(self, names: Names) -> History:
        return BinanceHistory(self._client, names, self.settings.source)

    def book_rules(self) -> BookRules | None:
        return BookRules("asked") if "depth@100ms" in self.settings.streams else None

    def newest_only(self, frame: bytes) -> bytes:
        return quote_stream(frame)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, BinanceVenue(settings.binance), settings, bootstrap, clock, health, output)


def venue(settings: Settings) -> Venue:
    """For those that ask about its past."""
    return BinanceVenue(settings.binance, patience_s=None)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its klines. Their source is not the live one's, whose bars are built of its trades."""
    section = settings.binance
    return BinanceBarHistory(BinanceClient(section.rest_url, STAGE, patience_s=None), past_source(section.source, "bars"), clock)
