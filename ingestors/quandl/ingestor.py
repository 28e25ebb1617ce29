"""Quandl as the shared ingestor sees it: daily bars, by polling."""

from collections.abc import Sequence

from ingestors.bar_history import BarHistory
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row, date_of
from ingestors.polling.venue import PollVenue, key_of
from ingestors.quandl.client import QuandlClient
from ingestors.quandl.config import NAME, SECTION, SPAN_NS, name_of
from ingestors.quandl.parse import rows
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.quandl import QuandlSettings
from schemas.timeframes import Timeframe


class QuandlVenue(PollVenue):
    """See ingestors.polling.venue."""

    name = NAME
    section = SECTION
    timeframes = (Timeframe.D1,)

    def __init__(self, settings: QuandlSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._database, self._datasets = settings.database, settings.datasets
        self._client = QuandlClient(settings.rest_url, key_of(settings, NAME, SECTION))

    def name_of(self, symbol: str) -> str:
        return name_of(symbol, self._database, self._datasets)

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        return from_ns + SPAN_NS

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        body = await self._client.days(self.named(symbol), date_of(from_ns), date_of(to_ns))
        with reading(body):
            return rows(body)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, QuandlVenue(settings.providers.quandl, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return QuandlVenue(settings.providers.quandl, clock)
