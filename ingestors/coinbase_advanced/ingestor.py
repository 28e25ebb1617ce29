"""Coinbase Advanced Trade as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.books.keeper import BookRules
from ingestors.coinbase_advanced.bars import AdvancedBarHistory
from ingestors.coinbase_advanced.client import AdvancedClient, AdvancedHistory
from ingestors.coinbase_advanced.config import HEARTBEAT_TIMEOUT_S, NAME, REQUEST_INTERVAL_S, SECTION, STAGE, key, resolve
from ingestors.coinbase_advanced.parse import Parser
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
from runtime.settings.providers.coinbase_advanced import CoinbaseAdvancedSettings


class AdvancedSession(Session):
    """One connection. One channel a message, the first within 5 s; heartbeats keep channels open that have nothing to say."""

    request_interval_s = REQUEST_INTERVAL_S
    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S

    def __init__(self, settings: CoinbaseAdvancedSettings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser

    async def address(self, symbols: Collection[str]) -> str:
        return self._settings.websocket_url

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        requests = [self._ask(channel, symbols) for channel in self._settings.channels]
        return [Request(_order("subscribe", "heartbeats", [])), *requests] if first else requests

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [self._end(channel, symbols) for channel in self._settings.channels]  # the answer lists what is left

    def resubscribe_books(self, symbols: Collection[str]) -> list[Request]:
        return [self._end("level2", symbols), self._ask("level2", symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def _products(self, symbols: Collection[str]) -> list[str]:
        return sorted(self._names[symbol] for symbol in symbols)

    def _ask(self, channel: str, symbols: Collection[str]) -> Request:
        products = self._products(symbols)
        return Request(_order("subscribe", channel, products), frozenset(key(channel, product) for product in products))

    def _end(self, channel: str, symbols: Collection[str]) -> Request:
        return Request(_order("unsubscribe", channel, self._products(symbols)))


def _order(kind: str, channel: str, products: list[str]) -> str:
    return msgspec.json.encode({"type": kind, "product_ids": products, "channel": channel}).decode()


class AdvancedVenue(Venue):
    """See ingestors.venue. Its text promises no trade ids without holes: messages are numbered over the connection."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: CoinbaseAdvancedSettings) -> None:
        self.settings: CoinbaseAdvancedSettings = settings
        self._client = AdvancedClient(settings.rest_url, STAGE)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.products())

    def session(self, names: Names) -> Session:
        return AdvancedSession(self.settings, names, Parser(names.canonical, self.settings.source))

    def history(self, names: Names) -> History:
        return AdvancedHistory(self._client)

    def book_rules(self) -> BookRules | None:
        return BookRules("stream") if "level2" in self.settings.channels else None

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, AdvancedVenue(settings.providers.coinbase_advanced), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its candles, under a source of their own."""
    section = settings.providers.coinbase_advanced
    return AdvancedBarHistory(AdvancedClient(section.rest_url, STAGE, patience_s=None), past_source(section.source, "bars"), clock)
