"""Twelve Data's REST interface as the shared ingestor sees it: bars, by polling."""

from collections.abc import Sequence

from ingestors.bar_history import BarHistory
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row, minute_of
from ingestors.polling.venue import PollVenue, key_of
from ingestors.twelve_data_rest.client import TwelveDataClient
from ingestors.twelve_data_rest.config import INTERVALS, NAME, ROWS, SECTION, name_of
from ingestors.twelve_data_rest.parse import rows
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.twelve_data_rest import TwelveDataRestSettings
from schemas.timeframes import DAY_NS, FIXED_NS, Timeframe


class TwelveDataVenue(PollVenue):
    """See ingestors.polling.venue."""

    name = NAME
    section = SECTION
    timeframes = tuple(INTERVALS)
    rows_per_call = ROWS - 1

    def __init__(self, settings: TwelveDataRestSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._client = TwelveDataClient(settings.rest_url, key_of(settings, NAME, SECTION))

    def name_of(self, symbol: str) -> str:
        return name_of(symbol)

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        length_ns = FIXED_NS.get(timeframe, 31 * DAY_NS)
        begin_ns = (
            from_ns if length_ns < DAY_NS else from_ns - length_ns
        )  # a day has a date; the week and the month the one of their first day
        body = await self._client.series(self.named(symbol), INTERVALS[timeframe], minute_of(begin_ns), minute_of(to_ns))
        with reading(body):
            return rows(body, INTERVALS[timeframe])

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, TwelveDataVenue(settings.providers.twelve_data_rest, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return TwelveDataVenue(settings.providers.twelve_data_rest, clock)
