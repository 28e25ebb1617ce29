"""HTX as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.books.keeper import BookRules
from ingestors.events import Event
from ingestors.history import History
from ingestors.htx.bars import HtxBarHistory
from ingestors.htx.client import HtxClient, HtxHistory
from ingestors.htx.config import HEARTBEAT_TIMEOUT_S, NAME, REQUEST_INTERVAL_S, SECTION, STAGE, resolve, topic
from ingestors.htx.parse import Parser
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.htx import HtxSettings


class HtxSession(Session):
    """One connection. Every topic is asked for by itself; its name is the message's id too, so that a refusal says which it means."""

    request_interval_s = REQUEST_INTERVAL_S
    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S

    def __init__(self, settings: HtxSettings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser

    async def address(self, symbols: Collection[str]) -> str:
        return self._settings.websocket_url

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [Request(_order("sub", one), frozenset({one})) for one in self._topics(symbols)]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [Request(_order("unsub", one)) for one in self._topics(symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def _topics(self, symbols: Collection[str]) -> list[str]:
        return [topic(self._names[symbol], channel) for symbol in sorted(symbols) for channel in self._settings.channels]


def _order(kind: str, about: str) -> str:
    return msgspec.json.encode({kind: about, "id": about}).decode()


class HtxVenue(Venue):
    """See ingestors.venue. Nothing says that a symbol's trade ids have no holes."""

    section = SECTION
    trade_ids_contiguous = False

    def __init__(self, settings: HtxSettings) -> None:
        self.settings: HtxSettings = settings
        self._client = HtxClient(settings.rest_url, STAGE)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.symbols())

    def session(self, names: Names) -> Session:
        return HtxSession(self.settings, names, Parser(names.canonical, self.settings.source))

    def history(self, names: Names) -> History:
        return HtxHistory(self._client, names)

    def book_rules(self) -> BookRules | None:
        return BookRules("always") if "depth.step0" in self.settings.channels else None

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, HtxVenue(settings.providers.htx), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its klines, under a source of their own."""
    section = settings.providers.htx
    return HtxBarHistory(HtxClient(section.rest_url, STAGE, patience_s=None), past_source(section.source, "bars"), clock)
