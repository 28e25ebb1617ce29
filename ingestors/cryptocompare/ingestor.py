"""CryptoCompare as the shared ingestor sees it: bars, by polling."""

from collections.abc import Sequence

from ingestors.bar_history import BarHistory
from ingestors.cryptocompare.client import CryptoCompareClient
from ingestors.cryptocompare.config import LOOKBACK_NS, NAME, PATHS, ROWS, SECTION, name_of
from ingestors.cryptocompare.parse import rows
from ingestors.numbers import SECOND_NS
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row
from ingestors.polling.venue import PollVenue, key_of
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.cryptocompare import CryptoCompareSettings
from schemas.timeframes import FIXED_NS, Timeframe


class CryptoCompareVenue(PollVenue):
    """See ingestors.polling.venue. Its newest price is an average without a size: the newest minute's bar says as much."""

    name = NAME
    section = SECTION
    timeframes = tuple(PATHS)
    lookback_ns = LOOKBACK_NS
    rows_per_call = ROWS

    def __init__(self, settings: CryptoCompareSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._exchange = settings.exchange
        self._client = CryptoCompareClient(settings.rest_url, key_of(settings, NAME, SECTION))

    def name_of(self, symbol: str) -> str:
        return name_of(symbol)

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        limit = min(ROWS, max(1, -(-(to_ns - from_ns) // FIXED_NS[timeframe])))
        body = await self._client.bars(PATHS[timeframe], self.named(symbol), self._exchange, (to_ns - 1) // SECOND_NS, limit)
        with reading(body):
            return rows(body)

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, CryptoCompareVenue(settings.providers.cryptocompare, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return CryptoCompareVenue(settings.providers.cryptocompare, clock)
