"""The provider as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Callable, Collection
from itertools import count

import msgspec

from ingestors.events import Event
from ingestors.history import History
from ingestors.names import Names
from ingestors.session import Request, Session
from ingestors.template.client import TemplateClient, TemplateHistory
from ingestors.template.config import HEARTBEAT_TIMEOUT_S, SECTION, STAGE, TemplateSettings, resolve
from ingestors.template.parse import Parser
from ingestors.venue import Venue


class TemplateSession(Session):
    """One connection. The provider says `welcome` first; each request has a number, which its acknowledgement names."""

    awaits_welcome = True
    request_interval_s = 0.01
    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S

    def __init__(self, settings: TemplateSettings, names: Names, parser: Parser) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._numbers = count(1)

    async def address(self, symbols: Collection[str]) -> str:
        return self._settings.websocket_url

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [self._request("subscribe", symbols)]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [self._request("unsubscribe", symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)

    def reader(self) -> Callable[[bytes, int], Event | list[Event]]:
        return self._parser.parse

    def _request(self, kind: str, symbols: Collection[str]) -> Request:
        number, names = next(self._numbers), sorted(self._names[symbol] for symbol in symbols)
        return Request(msgspec.json.encode({"type": kind, "id": number, "symbols": names}).decode(), frozenset({str(number)}))


class TemplateVenue(Venue):
    """See ingestors.venue."""

    section = SECTION
    trade_ids_contiguous = True

    def __init__(self, settings: TemplateSettings) -> None:
        self.settings: TemplateSettings = settings
        self._client = TemplateClient(settings.rest_url, STAGE)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.symbols())

    def session(self, names: Names) -> Session:
        return TemplateSession(self.settings, names, Parser(names.canonical))

    def history(self, names: Names) -> History:
        return TemplateHistory(self._client, names)

    async def close(self) -> None:
        await self._client.close()
