"""Bitfinex as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.bitfinex.bars import BitfinexBarHistory
from ingestors.bitfinex.client import BitfinexClient, BitfinexHistory
from ingestors.bitfinex.config import HEARTBEAT_TIMEOUT_S, NAME, REQUEST_INTERVAL_S, SECTION, STAGE, check, key, resolve
from ingestors.bitfinex.parse import Parser
from ingestors.bitfinex.wire import CHECKSUMS, CONF, SEQUENCES
from ingestors.books.checksums import BitfinexChecksum
from ingestors.books.keeper import BookRules
from ingestors.events import Event
from ingestors.history import History
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.bitfinex import BitfinexSettings


class BitfinexSession(Session):
    """One connection. It greets first; then numbers and checksums are asked for, and every channel of every symbol by itself."""

    awaits_welcome = True
    request_interval_s = REQUEST_INTERVAL_S
    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S

    def __init__(self, settings: BitfinexSettings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser

    async def address(self, symbols: Collection[str]) -> str:
        return self._settings.websocket_url

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        requests = [self._subscribe(channel, symbol) for symbol in sorted(symbols) for channel in self._settings.channels]
        return [_conf(), *requests] if first else requests

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [request for symbol in sorted(symbols) for channel in self._settings.channels for request in self._end(channel, symbol)]

    def resubscribe_books(self, symbols: Collection[str]) -> list[Request]:
        return [request for symbol in sorted(symbols) for request in (*self._end("book", symbol), self._subscribe("book", symbol))]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def _subscribe(self, channel: str, symbol: str) -> Request:
        name = self._names[symbol]
        order = {"event": "subscribe", "channel": channel, "symbol": name}
        if channel == "book":
            order |= {"prec": "P0", "freq": "F0", "len": self._settings.book_depth}
        return Request(msgspec.json.encode(order).decode(), frozenset({key(channel, name)}))

    def _end(self, channel: str, symbol: str) -> list[Request]:
        number = self._parser.channel_of(channel, symbol)
        return [] if number is None else [Request(msgspec.json.encode({"event": "unsubscribe", "chanId": number}).decode())]


def _conf() -> Request:
    return Request(msgspec.json.encode({"event": "conf", "flags": SEQUENCES + CHECKSUMS}).decode(), frozenset({CONF}))


class BitfinexVenue(Venue):
    """See ingestors.venue. Its trade ids are numbers of the whole exchange: those of a symbol have holes."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: BitfinexSettings) -> None:
        check(settings)
        self.settings: BitfinexSettings = settings
        self._client = BitfinexClient(settings.rest_url, STAGE)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.pairs())

    def session(self, names: Names) -> Session:
        return BitfinexSession(self.settings, names, Parser(names.canonical, self.settings.source))

    def history(self, names: Names) -> History:
        return BitfinexHistory(self._client, names)

    def book_rules(self) -> BookRules | None:
        return BookRules("stream", 0, BitfinexChecksum()) if "book" in self.settings.channels else None

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, BitfinexVenue(settings.providers.bitfinex), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its candles, under a source of their own."""
    section = settings.providers.bitfinex
    return BitfinexBarHistory(BitfinexClient(section.rest_url, STAGE, patience_s=None), past_source(section.source, "bars"), clock)
