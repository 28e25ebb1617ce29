"""Yahoo as the shared ingestor sees it: bars, by polling."""

from collections.abc import Sequence

from ingestors.bar_history import BarHistory
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row
from ingestors.polling.venue import PollVenue
from ingestors.yahoo.client import YahooClient
from ingestors.yahoo.config import INTERVALS, LONGEST_SPAN_NS, LOOKBACK_NS, NAME, SECTION, SPAN_NS, name_of
from ingestors.yahoo.parse import rows
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.yahoo import YahooSettings
from schemas.timeframes import DAY_NS, Timeframe


class YahooVenue(PollVenue):
    """See ingestors.polling.venue. It tells prices without a size or a side, so its newest price is that of the newest minute's bar."""

    name = NAME
    section = SECTION
    timeframes = tuple(INTERVALS)
    lookback_ns = LOOKBACK_NS

    def __init__(self, settings: YahooSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._client = YahooClient(settings.rest_url)

    def name_of(self, symbol: str) -> str:
        return name_of(symbol)

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        return from_ns + SPAN_NS.get(timeframe, LONGEST_SPAN_NS)

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        begin_ns = from_ns - DAY_NS if timeframe is Timeframe.D1 else from_ns  # a trading day of fx begins the evening before its date
        body = await self._client.chart(self.named(symbol), INTERVALS[timeframe], begin_ns, to_ns)
        with reading(body):
            return rows(body, INTERVALS[timeframe])

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, YahooVenue(settings.providers.yahoo, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return YahooVenue(settings.providers.yahoo, clock)
