"""Kraken as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection
from itertools import count
from typing import Any

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.books.checksums import KrakenChecksum
from ingestors.books.keeper import BookRules
from ingestors.events import Event
from ingestors.history import History
from ingestors.kraken.bars import KrakenBarHistory
from ingestors.kraken.client import KrakenClient, KrakenHistory, Listed
from ingestors.kraken.config import (
    HEARTBEAT_TIMEOUT_S,
    NAME,
    REQUEST_INTERVAL_S,
    SECTION,
    STAGE,
    SYMBOLS_A_MESSAGE,
    check_depth,
    key,
    resolve,
)
from ingestors.kraken.parse import Parser, quote_symbol
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.rest import PATIENCE_S
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.kraken import KrakenSettings


class KrakenSession(Session):
    """One connection to WebSocket v2. Every channel is asked for by itself; each symbol of it is acknowledged by itself."""

    request_interval_s = REQUEST_INTERVAL_S
    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S

    def __init__(self, settings: KrakenSettings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._numbers = count(1)

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

    def _ask(self, method: str, channels: Collection[str], symbols: Collection[str]) -> list[Request]:
        names = sorted(self._names[symbol] for symbol in symbols)
        groups = [names[at : at + SYMBOLS_A_MESSAGE] for at in range(0, len(names), SYMBOLS_A_MESSAGE)]
        return [self._request(method, channel, group) for channel in channels for group in groups]

    def _request(self, method: str, channel: str, names: list[str]) -> Request:
        number = next(self._numbers)
        self._parser.asked[number] = channel
        params: dict[str, Any] = {"channel": channel, "symbol": names}
        if method == "subscribe":
            params["snapshot"] = True
        if channel == "book":
            params["depth"] = self._settings.book_depth
        if channel == "ticker":
            params["event_trigger"] = "bbo"  # else it speaks only after trades
        frame = msgspec.json.encode({"method": method, "params": params, "req_id": number}).decode()
        return Request(frame, frozenset(key(channel, name) for name in names))


class KrakenVenue(Venue):
    """See ingestors.venue."""

    section = SECTION
    trade_ids_contiguous = True
    quotes_numbered = False

    def __init__(self, settings: KrakenSettings, patience_s: float | None = PATIENCE_S) -> None:
        check_depth(SECTION, settings.book_depth)
        self.settings: KrakenSettings = settings
        self._client = KrakenClient(settings.rest_url, STAGE, SECTION, patience_s=patience_s)
        self._pairs: dict[str, Listed] = {}
        self._decimals: dict[str, tuple[int, int]] = {}

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        listed = await self._client.pairs()
        self._pairs |= listed
        self._decimals |= {symbol: pair.decimals for symbol, pair in listed.items()}
        return resolve(symbols, listed)

    def session(self, names: Names) -> Session:
        return KrakenSession(self.settings, names, Parser(names.canonical, self.settings.source))

    def history(self, names: Names) -> History:
        return KrakenHistory(self._client, self._pairs)

    def book_rules(self) -> BookRules | None:
        if "book" not in self.settings.channels:
            return None
        return BookRules("stream", self.settings.book_depth, KrakenChecksum(self._decimals))

    def newest_only(self, frame: bytes) -> bytes:
        return quote_symbol(frame)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, KrakenVenue(settings.providers.kraken), settings, bootstrap, clock, health, output)


def venue(settings: Settings) -> Venue:
    """For those that ask about its past."""
    return KrakenVenue(settings.providers.kraken, patience_s=None)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its candles, under a source of their own."""
    section = settings.providers.kraken
    client = KrakenClient(section.rest_url, STAGE, SECTION, patience_s=None)
    return KrakenBarHistory(client, past_source(section.source, "bars"), clock)
