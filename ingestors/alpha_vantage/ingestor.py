"""Alpha Vantage as the shared ingestor sees it: bars, and rates of FX, by polling."""

from collections.abc import Sequence

from ingestors.alpha_vantage.client import AlphaVantageClient
from ingestors.alpha_vantage.config import COMPACT_ROWS, INTERVALS, NAME, SECTION, function_of, name_of
from ingestors.alpha_vantage.parse import rate, rows
from ingestors.bar_history import BarHistory
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row, date_of
from ingestors.polling.venue import PollVenue, Tick, key_of
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.alpha_vantage import AlphaVantageSettings
from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS, FIXED_NS, Timeframe, interval_of

_WHOLE_NS = 36_500 * DAY_NS


class AlphaVantageVenue(PollVenue):
    """See ingestors.polling.venue. Shares within a day come by months; all else is the newest hundred rows, or all there is."""

    name = NAME
    section = SECTION
    timeframes = tuple(INTERVALS)
    symbols_per_call = 1

    def __init__(self, settings: AlphaVantageSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._ends = settings.labels == "end"
        self._client = AlphaVantageClient(settings.rest_url, key_of(settings, NAME, SECTION))

    def name_of(self, symbol: str) -> str:
        return name_of(symbol)

    def has_ticks(self, symbol: str) -> bool:
        return asset_class_of(symbol) == "fx"

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        """Within a day a month at a time, and the newest rows at once."""
        recent = self.clock.now_ns() - from_ns <= COMPACT_ROWS * FIXED_NS[timeframe]
        return from_ns + _WHOLE_NS if recent or timeframe is Timeframe.D1 else interval_of(Timeframe.MN1, from_ns)[1]

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        function, length_ns = function_of(self.named(symbol), timeframe), FIXED_NS[timeframe]
        whole = self.clock.now_ns() - from_ns > COMPACT_ROWS * length_ns
        by_month = whole and timeframe is not Timeframe.D1 and asset_class_of(symbol) == "equity"
        body = await self._client.series(function, whole, date_of(from_ns)[:7] if by_month else "")
        with reading(body):
            return rows(body, length_ns if self._ends else 0)

    async def ticks(self, symbols: Sequence[str]) -> list[Tick]:
        (symbol,) = symbols
        base, _, quote = self.named(symbol).partition("-")
        body = await self._client.rate(base, quote)
        with reading(body):
            return [rate(body, symbol, self.clock.now_ns())]

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, AlphaVantageVenue(settings.providers.alpha_vantage, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return AlphaVantageVenue(settings.providers.alpha_vantage, clock)
