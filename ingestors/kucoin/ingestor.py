"""KuCoin as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection, Iterable
from itertools import count
from urllib.parse import urlencode

import msgspec

from ingestors.bar_history import BarHistory
from ingestors.books.keeper import BookRules
from ingestors.events import Event
from ingestors.history import History
from ingestors.kucoin.bars import KucoinBarHistory
from ingestors.kucoin.client import KucoinClient, KucoinHistory
from ingestors.kucoin.config import BOOK_LEVELS, LIFETIME_S, NAME, REQUEST_INTERVAL_S, SECTION, STAGE, SYMBOLS_A_MESSAGE, resolve, topic_of
from ingestors.kucoin.parse import Parser, quote_topic
from ingestors.names import Names, past_source
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.kucoin import KucoinSettings


class KucoinSession(Session):
    """One connection, with a token of its own. It greets first, wants our pings, and acknowledges every message by its number."""

    awaits_welcome = True
    request_interval_s = REQUEST_INTERVAL_S
    lifetime_s = LIFETIME_S

    def __init__(self, settings: KucoinSettings, names: Names, parser: Parser, client: KucoinClient) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._client = client
        self._numbers = count(1)

    async def address(self, symbols: Collection[str]) -> str:
        bullet = await self._client.bullet()
        server = bullet.instanceServers[0]
        self.ping_interval_s = server.pingInterval / 1000
        self.heartbeat_timeout_s = self.ping_interval_s + server.pingTimeout / 1000
        address = self._settings.websocket_url or server.endpoint
        return f"{address}?{urlencode({'token': bullet.token, 'connectId': next(self._numbers)})}"

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return self._ask("subscribe", symbols)

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return self._ask("unsubscribe", symbols)

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def ping(self) -> str:
        return msgspec.json.encode({"id": str(next(self._numbers)), "type": "ping"}).decode()

    def _ask(self, kind: str, symbols: Collection[str]) -> list[Request]:
        names = sorted(self._names[symbol] for symbol in symbols)
        groups = [names[at : at + SYMBOLS_A_MESSAGE] for at in range(0, len(names), SYMBOLS_A_MESSAGE)]
        return [self._request(kind, channel, group) for group in groups for channel in self._settings.channels]

    def _request(self, kind: str, channel: str, names: Iterable[str]) -> Request:
        number = str(next(self._numbers))
        order = {"id": number, "type": kind, "topic": topic_of(channel, names), "privateChannel": False, "response": True}
        return Request(msgspec.json.encode(order).decode(), frozenset({number}))


class KucoinVenue(Venue):
    """See ingestors.venue. Its trades are numbered within their symbol's book: with holes."""

    section = SECTION
    trade_ids_contiguous = False

    def __init__(self, settings: KucoinSettings) -> None:
        self.settings: KucoinSettings = settings
        self._client = KucoinClient(settings.rest_url, STAGE)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.symbols())

    def session(self, names: Names) -> Session:
        return KucoinSession(self.settings, names, Parser(names.canonical, self.settings.source), self._client)

    def history(self, names: Names) -> History:
        return KucoinHistory(self._client, self.settings.source)

    def book_rules(self) -> BookRules | None:
        return BookRules("asked", shown=BOOK_LEVELS) if "level2" in self.settings.channels else None

    def newest_only(self, frame: bytes) -> bytes:
        return quote_topic(frame)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process."""
    return StreamIngestor(NAME, KucoinVenue(settings.providers.kucoin), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its candles, under a source of their own."""
    section = settings.providers.kucoin
    return KucoinBarHistory(KucoinClient(section.rest_url, STAGE, patience_s=None), past_source(section.source, "bars"), clock)
