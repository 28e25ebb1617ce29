"""FMP as the shared ingestor sees it: bars, by polling."""

from collections.abc import Sequence

from ingestors.bar_history import BarHistory
from ingestors.fmp.client import FmpClient
from ingestors.fmp.config import INTERVALS, NAME, OTHER_SPAN_NS, SECTION, SPAN_NS, name_of
from ingestors.fmp.parse import rows
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row, minute_of, zone_of
from ingestors.polling.venue import PollVenue, key_of
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.fmp import FmpSettings
from schemas.timeframes import DAY_NS, Timeframe


class FmpVenue(PollVenue):
    """See ingestors.polling.venue. Its quotes are a price without a size: its newest price is that of the newest minute's bar."""

    name = NAME
    section = SECTION
    timeframes = tuple(INTERVALS)

    def __init__(self, settings: FmpSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._zone = zone_of(settings.time_zone)
        self._client = FmpClient(settings.rest_url, key_of(settings, NAME, SECTION))

    def name_of(self, symbol: str) -> str:
        return name_of(symbol)

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        return from_ns + SPAN_NS.get(timeframe, OTHER_SPAN_NS)

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        first, last = minute_of(from_ns, self._zone)[:10], minute_of(to_ns + DAY_NS * (timeframe is Timeframe.D1), self._zone)[:10]
        name, interval = self.named(symbol), INTERVALS[timeframe]
        body = await (self._client.chart(name, interval, first, last) if interval else self._client.days(name, first, last))
        with reading(body):
            return rows(body, self._zone)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, FmpVenue(settings.providers.fmp, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return FmpVenue(settings.providers.fmp, clock)
