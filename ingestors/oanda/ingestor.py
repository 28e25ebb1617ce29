"""OANDA as the shared ingestor sees it: where to connect to, what to ask for, how to read what comes."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from ingestors.bar_history import BarHistory
from ingestors.events import Event
from ingestors.history import History
from ingestors.keys import required_key
from ingestors.names import Names, past_source
from ingestors.oanda.client import OandaBarHistory, OandaClient
from ingestors.oanda.config import HEARTBEAT_TIMEOUT_S, KEY, NAME, SECTION, account_path, check, resolve
from ingestors.oanda.parse import Parser
from ingestors.output import Output
from ingestors.session import Request, Session
from ingestors.stream import StreamIngestor
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.oanda import OandaSettings


class OandaSession(Session):
    """One answer of lines, asked for by its address; nothing can be said on it."""

    heartbeat_timeout_s = HEARTBEAT_TIMEOUT_S
    symbols_in_address = True
    key_setting = f"{KEY} and {SECTION}.account"

    def __init__(self, settings: OandaSettings, names: Names, parser: Parser, key: str) -> None:
        self._settings = settings
        self._names = names
        self._parser = parser
        self._key = key

    async def address(self, symbols: Collection[str]) -> str:
        instruments = ",".join(sorted(self._names[symbol] for symbol in symbols))
        query = urlencode({"instruments": instruments, "snapshot": "true"})
        return f"{self._settings.websocket_url.rstrip('/')}{account_path(self._settings)}/pricing/stream?{query}"

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._key}", "Accept-Datetime-Format": "RFC3339"}

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return []

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return []

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._parser.parse(frame, received_ns)


class OandaVenue(Venue):
    """See ingestors.venue. It has quotes alone, and what was missed of them it does not tell again."""

    section = SECTION
    trade_ids_contiguous = False
    quotes_numbered = False

    def __init__(self, settings: OandaSettings) -> None:
        self.settings: OandaSettings = settings
        self._key = required_key(settings.api_key, NAME, KEY)
        check(settings)
        self._client = OandaClient(settings, self._key)

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.instruments())

    def session(self, names: Names) -> Session:
        return OandaSession(self.settings, names, Parser(names.canonical), self._key)

    def history(self, names: Names) -> History:
        return History()

    async def close(self) -> None:
        await self._client.close()


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """For `tickerplant backfill`. Raises UserError without a key or an account."""
    section = settings.providers.oanda
    key = required_key(section.api_key, NAME, KEY)
    check(section)
    return OandaBarHistory(OandaClient(section, key, patience_s=None), past_source(section.source, "bars"), clock)


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> StreamIngestor:
    """The ingestor of this process. Raises UserError without a key or an account."""
    return StreamIngestor(NAME, OandaVenue(settings.providers.oanda), settings, bootstrap, clock, health, output)
