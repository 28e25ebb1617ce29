"""Coinbase Exchange as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Callable, Collection

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.books.keeper import BookRules
from ingestors.coinbase.bars import CoinbaseBarHistory
from ingestors.coinbase.client import CoinbaseClient, CoinbaseHistory
from ingestors.coinbase.config import BOOKS, HEARTBEAT_TIMEOUT_S, NAME, REQUEST_INTERVAL_S, SECTION, STAGE, keys_of, resolve
from ingestors.coinbase.parse import Parser, quote_product
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
from runtime.settings.providers import CoinbaseSettings


class CoinbaseSession(Session):
    """One connection to the market feed. The first subscribe message must come within 5 s."""

    request_interval_s = REQUEST_INTERVAL_S

    def __init__(self, settings: CoinbaseSettings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self.heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S if "heartbeat" in settings.channels else 0.0

    async def address(self, symbols: Collection[str]) -> str:
        return self._settings.websocket_url

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [Request(*self._order("subscribe", symbols, self._settings.channels))]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [self._end(symbols, self._settings.channels)]

    def resubscribe_books(self, symbols: Collection[str]) -> list[Request]:
        return [self._end(symbols, (BOOKS,)), Request(*self._order("subscribe", symbols, (BOOKS,)))]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def reader(self) -> Callable[[bytes, int], Event | list[Event]]:
        return self._parser.parse

    def _end(self, symbols: Collection[str], channels: Collection[str]) -> Request:
        return Request(self._order("unsubscribe", symbols, channels)[0])  # the answer lists what is left

    def _order(self, kind: str, symbols: Collection[str], channels: Collection[str]) -> tuple[str, frozenset[str]]:
        products = sorted(self._names[symbol] for symbol in symbols)
        order = {"type": kind, "product_ids": products, "channels": list(channels)}
        return msgspec.json.encode(order).decode(), keys_of(channels, products)


class CoinbaseVenue(Venue):
    """See ingestors.venue."""

    section = SECTION
    trade_ids_contiguous = True

    def __init__(self, settings: CoinbaseSettings, patience_s: float | None = PATIENCE_S) -> None:
        self.settings: CoinbaseSettings = settings
        self._client = CoinbaseClient(settings.rest_url, STAGE, patience_s=patience_s)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.products())

    def session(self, names: Names) -> Session:
        return CoinbaseSession(self.settings, names, Parser(names.canonical, self.settings.source))

    def history(self, names: Names) -> History:
        return CoinbaseHistory(self._client, names)

    def book_rules(self) -> BookRules | None:
        return BookRules("stream") if BOOKS in self.settings.channels else None

    def newest_only(self, frame: bytes) -> bytes:
        return quote_product(frame)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, CoinbaseVenue(settings.providers.coinbase), settings, bootstrap, clock, health, output)


def venue(settings: Settings) -> Venue:
    """For those that ask about its past."""
    return CoinbaseVenue(settings.providers.coinbase, patience_s=None)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its candles. Their source is not the live one's, whose bars are built of its trades."""
    section = settings.providers.coinbase
    return CoinbaseBarHistory(CoinbaseClient(section.rest_url, STAGE, patience_s=None), past_source(section.source, "bars"), clock)
