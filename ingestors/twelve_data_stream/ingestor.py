"""Twelve Data's stream as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection
from urllib.parse import urlencode

import msgspec

from ingestors.events import Event
from ingestors.history import History
from ingestors.keys import required_key
from ingestors.names import Names
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.twelve_data_stream.client import TwelveDataLists
from ingestors.twelve_data_stream.config import HEARTBEAT_INTERVAL_S, KEY, NAME, REQUEST_INTERVAL_S, SECTION, SYMBOLS_A_MESSAGE, resolve
from ingestors.twelve_data_stream.parse import Parser
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.twelve_data_stream import TwelveDataStreamSettings


class TwelveDataSession(Session):
    """One connection. The provider takes the key with the address alone."""

    request_interval_s = REQUEST_INTERVAL_S
    ping_interval_s = HEARTBEAT_INTERVAL_S
    key_setting = KEY

    def __init__(self, settings: TwelveDataStreamSettings, names: Names, parser: Parser, key: str) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._key = key

    async def address(self, symbols: Collection[str]) -> str:
        return f"{self._settings.websocket_url.rstrip('/')}/v1/quotes/price?{urlencode({'apikey': self._key})}"

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [Request(_order("subscribe", some), frozenset(some)) for some in self._portions(symbols)]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [Request(_order("unsubscribe", some)) for some in self._portions(symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def ping(self) -> str:
        return '{"action":"heartbeat"}'

    def _portions(self, symbols: Collection[str]) -> list[list[str]]:
        names = sorted(self._names[symbol] for symbol in symbols)
        return [names[at : at + SYMBOLS_A_MESSAGE] for at in range(0, len(names), SYMBOLS_A_MESSAGE)]


class TwelveDataVenue(Venue):
    """See ingestors.venue. It tells the last price, not every trade, and nothing of the past."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: TwelveDataStreamSettings) -> None:
        self.settings: TwelveDataStreamSettings = settings
        self._key = required_key(settings.api_key, NAME, KEY)
        self._lists = TwelveDataLists(settings.rest_url, self._key)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._lists.listed(symbols))

    def session(self, names: Names) -> Session:
        return TwelveDataSession(self.settings, names, Parser(names.canonical), self._key)

    def history(self, names: Names) -> History:
        return History()

    async def close(self) -> None:
        await self._lists.close()


def _order(action: str, names: list[str]) -> str:
    return msgspec.json.encode({"action": action, "params": {"symbols": ",".join(names)}}).decode()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process. Raises UserError without a key."""
    return StreamIngestor(NAME, TwelveDataVenue(settings.providers.twelve_data_stream), settings, bootstrap, clock, health, output)
