"""Tiingo's IEX stream as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection
from typing import Any

import msgspec

from ingestors.events import Event
from ingestors.history import History
from ingestors.keys import required_key
from ingestors.names import Names
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.tiingo_iex.client import TiingoLists
from ingestors.tiingo_iex.config import HEARTBEAT_TIMEOUT_S, KEY, NAME, REQUEST_INTERVAL_S, SECTION, SUBSCRIPTION, THRESHOLD_LEVELS, resolve
from ingestors.tiingo_iex.parse import Parser
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.tiingo_iex import TiingoIexSettings


class TiingoSession(Session):
    """One connection. Every order has the key with it; later ones name the subscription that the first one began."""

    request_interval_s = REQUEST_INTERVAL_S
    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S
    key_setting = KEY

    def __init__(self, settings: TiingoIexSettings, names: Names, parser: Parser, key: str) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._key = key

    async def address(self, symbols: Collection[str]) -> str:
        return f"{self._settings.websocket_url.rstrip('/')}/iex"

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [Request(self._order("subscribe", symbols), frozenset({SUBSCRIPTION}))]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [Request(self._order("unsubscribe", symbols))]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def _order(self, kind: str, symbols: Collection[str]) -> str:
        data: dict[str, Any] = {
            "thresholdLevel": THRESHOLD_LEVELS[self._settings.feed],
            "tickers": sorted(self._names[symbol] for symbol in symbols),
        }
        if self._parser.subscription is not None:
            data["subscriptionId"] = self._parser.subscription
        return msgspec.json.encode({"eventName": kind, "authorization": self._key, "eventData": data}).decode()


class TiingoIexVenue(Venue):
    """See ingestors.venue. It tells nothing of the past but bars, which another provider here asks for."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: TiingoIexSettings) -> None:
        self.settings: TiingoIexSettings = settings
        self._key = required_key(settings.api_key, NAME, KEY)
        self._lists = TiingoLists(settings.rest_url, self._key)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._lists.listed(symbols))

    def session(self, names: Names) -> Session:
        return TiingoSession(self.settings, names, Parser(names.canonical), self._key)

    def history(self, names: Names) -> History:
        return History()

    async def close(self) -> None:
        await self._lists.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process. Raises UserError without a key."""
    return StreamIngestor(NAME, TiingoIexVenue(settings.providers.tiingo_iex), settings, bootstrap, clock, health, output)
