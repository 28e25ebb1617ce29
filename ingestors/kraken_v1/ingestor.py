"""Kraken's WebSocket v1 as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection
from typing import Any

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.books.checksums import KrakenChecksum
from ingestors.books.keeper import BookRules
from ingestors.events import Event
from ingestors.history import History
from ingestors.kraken.bars import KrakenBarHistory
from ingestors.kraken.client import KrakenClient, Listed
from ingestors.kraken.config import check_depth
from ingestors.kraken_v1.client import KrakenV1History
from ingestors.kraken_v1.config import HEARTBEAT_TIMEOUT_S, NAME, REQUEST_INTERVAL_S, SECTION, STAGE, SYMBOLS_A_MESSAGE, key, resolve
from ingestors.kraken_v1.parse import Parser
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.kraken_v1 import KrakenV1Settings


class KrakenV1Session(Session):
    """One connection. Every channel is asked for by itself; each pair of it is acknowledged by itself."""

    request_interval_s = REQUEST_INTERVAL_S
    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S

    def __init__(self, settings: KrakenV1Settings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser

    async def address(self, symbols: Collection[str]) -> str:
        return self._settings.websocket_url

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return self._ask("subscribe", self._settings.channels, symbols)

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [Request(request.frame) for request in self._ask("unsubscribe", self._settings.channels, symbols)]

    def resubscribe_books(self, symbols: Collection[str]) -> list[Request]:
        end = [Request(request.frame) for request in self._ask("unsubscribe", ("book",), symbols)]
        return [*end, *self._ask("subscribe", ("book",), symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def _ask(self, kind: str, channels: Collection[str], symbols: Collection[str]) -> list[Request]:
        names = sorted(self._names[symbol] for symbol in symbols)
        groups = [names[at : at + SYMBOLS_A_MESSAGE] for at in range(0, len(names), SYMBOLS_A_MESSAGE)]
        return [self._request(kind, channel, group) for channel in channels for group in groups]

    def _request(self, kind: str, channel: str, names: list[str]) -> Request:
        subscription: dict[str, Any] = {"name": channel}
        if channel == "book":
            subscription["depth"] = self._settings.book_depth
        frame = msgspec.json.encode({"event": kind, "pair": names, "subscription": subscription}).decode()
        return Request(frame, frozenset(key(channel, name) for name in names))


class KrakenV1Venue(Venue):
    """See ingestors.venue. Its trades have no number."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: KrakenV1Settings) -> None:
        check_depth(SECTION, settings.book_depth)
        self.settings: KrakenV1Settings = settings
        self._client = KrakenClient(settings.rest_url, STAGE, SECTION)
        self._pairs: dict[str, Listed] = {}

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        listed = await self._client.pairs()
        self._pairs |= listed
        return resolve(symbols, {symbol: pair.stream_name for symbol, pair in listed.items()})

    def session(self, names: Names) -> Session:
        return KrakenV1Session(self.settings, names, Parser(names.canonical, self.settings.source))

    def history(self, names: Names) -> History:
        return KrakenV1History(self._client, self._pairs)

    def book_rules(self) -> BookRules | None:
        return BookRules("stream", self.settings.book_depth, KrakenChecksum()) if "book" in self.settings.channels else None

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, KrakenV1Venue(settings.providers.kraken_v1), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """The candles of the REST interface, under a source of their own."""
    section = settings.providers.kraken_v1
    client = KrakenClient(section.rest_url, STAGE, SECTION, patience_s=None)
    return KrakenBarHistory(client, past_source(section.source, "bars"), clock)
