"""Finnhub as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection
from urllib.parse import urlencode

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.events import Event
from ingestors.finnhub.bars import FinnhubBarHistory
from ingestors.finnhub.client import FinnhubClient, FinnhubHistory
from ingestors.finnhub.config import KEY, NAME, REQUEST_INTERVAL_S, SECTION, resolve
from ingestors.finnhub.parse import Parser
from ingestors.history import History
from ingestors.keys import required_key
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.finnhub import FinnhubSettings


class FinnhubSession(Session):
    """One connection. The provider takes the key with the address alone, and acknowledges nothing."""

    request_interval_s = REQUEST_INTERVAL_S
    key_setting = KEY

    def __init__(self, settings: FinnhubSettings, names: Names, parser: Parser, key: str) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._key = key

    async def address(self, symbols: Collection[str]) -> str:
        return f"{self._settings.websocket_url.rstrip('/')}/?{urlencode({'token': self._key})}"

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return self._orders("subscribe", symbols)

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return self._orders("unsubscribe", symbols)

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def _orders(self, kind: str, symbols: Collection[str]) -> list[Request]:
        names = sorted(self._names[symbol] for symbol in symbols)
        return [Request(msgspec.json.encode({"type": kind, "symbol": name}).decode()) for name in names]


class FinnhubVenue(Venue):
    """See ingestors.venue. One connection a key is all that the provider allows."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: FinnhubSettings, clock: Clock) -> None:
        self.settings: FinnhubSettings = settings
        self._clock = clock
        self._key = required_key(settings.api_key, NAME, KEY)
        self._client = FinnhubClient(settings, self._key)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(self.settings, symbols, await self._client.listed(symbols))

    def session(self, names: Names) -> Session:
        return FinnhubSession(self.settings, names, Parser(names.canonical), self._key)

    def history(self, names: Names) -> History:
        return FinnhubHistory(self._client, self.settings, self._clock)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process. Raises UserError without a key."""
    return StreamIngestor(NAME, FinnhubVenue(settings.providers.finnhub, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """For `tickerplant backfill`. Raises UserError without a key."""
    section = settings.providers.finnhub
    client = FinnhubClient(section, required_key(section.api_key, NAME, KEY), patience_s=None)
    return FinnhubBarHistory(client, section, past_source(section.source, "bars"), clock)
