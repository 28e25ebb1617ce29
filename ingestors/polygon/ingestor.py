"""Polygon as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.events import Event
from ingestors.history import History
from ingestors.keys import required_key
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.polygon.bars import PolygonBarHistory
from ingestors.polygon.client import PolygonClient, PolygonHistory
from ingestors.polygon.config import KEY, LOGIN, NAME, REQUEST_INTERVAL_S, SECTION, STAGE, TOPICS_A_MESSAGE, market_of, resolve, topics_of
from ingestors.polygon.parse import Parser, newest_key
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.polygon import PolygonSettings


class PolygonSession(Session):
    """One connection to the stream of one market. The provider speaks first, then wants the key, then may be asked."""

    awaits_welcome = True
    request_interval_s = REQUEST_INTERVAL_S
    key_setting = KEY

    def __init__(self, settings: PolygonSettings, names: Names, parser: Parser, key: str) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._key = key

    async def address(self, symbols: Collection[str]) -> str:
        return f"{self._settings.websocket_url.rstrip('/')}/{self.group or 'stocks'}"

    def login(self) -> list[Request]:
        return [Request(_order("auth", self._key), frozenset({LOGIN}))]

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [Request(_order("subscribe", ",".join(some)), frozenset(some)) for some in self._portions(symbols)]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [Request(_order("unsubscribe", ",".join(some))) for some in self._portions(symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def _portions(self, symbols: Collection[str]) -> list[list[str]]:
        topics = topics_of(self._settings, [self._names[symbol] for symbol in symbols], self.group or "stocks")
        return [topics[at : at + TOPICS_A_MESSAGE] for at in range(0, len(topics), TOPICS_A_MESSAGE)]


class PolygonVenue(Venue):
    """See ingestors.venue. One connection a key and market is all that the provider allows."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: PolygonSettings) -> None:
        self.settings: PolygonSettings = settings
        self._key = required_key(settings.api_key, NAME, KEY)
        self._client = PolygonClient(settings.rest_url, STAGE, self._key)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.listed(symbols))

    def group(self, symbol: str) -> str:
        return market_of(symbol)

    def session(self, names: Names) -> Session:
        settings = self.settings
        parser = Parser(names.canonical, settings.source, settings.quote_lot, settings.skipped_conditions)
        return PolygonSession(settings, names, parser, self._key)

    def history(self, names: Names) -> History:
        return PolygonHistory(self._client, self.settings.skipped_conditions)

    def newest_only(self, frame: bytes) -> bytes:
        return newest_key(frame)

    async def close(self) -> None:
        await self._client.close()


def _order(action: str, params: str) -> str:
    return msgspec.json.encode({"action": action, "params": params}).decode()


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """For `tickerplant backfill`. Raises UserError without a key."""
    section = settings.providers.polygon
    client = PolygonClient(section.rest_url, STAGE, required_key(section.api_key, NAME, KEY), patience_s=None)
    return PolygonBarHistory(client, past_source(section.source, "bars"), clock)


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process. Raises UserError without a key."""
    return StreamIngestor(NAME, PolygonVenue(settings.providers.polygon), settings, bootstrap, clock, health, output)
