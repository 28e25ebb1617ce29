"""CurrencyLayer as the shared ingestor sees it: rates of FX, by polling."""

from collections.abc import Sequence

from ingestors.bar_history import BarHistory
from ingestors.currencylayer.client import CurrencyLayerClient
from ingestors.currencylayer.config import DAYS, NAME, SECTION, SYMBOLS_PER_CALL, currencies_of, name_of
from ingestors.currencylayer.parse import quotes, rows
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row, date_of
from ingestors.polling.venue import PollVenue, Tick, key_of
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.currencylayer import CurrencyLayerSettings
from schemas.timeframes import DAY_NS, Timeframe


class CurrencyLayerVenue(PollVenue):
    """See ingestors.polling.venue. One call answers for all symbols."""

    name = NAME
    section = SECTION
    timeframes = (Timeframe.D1,)
    symbols_per_call = SYMBOLS_PER_CALL

    def __init__(self, settings: CurrencyLayerSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._client = CurrencyLayerClient(settings.rest_url, key_of(settings, NAME, SECTION))

    def name_of(self, symbol: str) -> str:
        return name_of(symbol)

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        return from_ns + (DAYS - 1) * DAY_NS

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        last_ns = min(to_ns + DAY_NS, self.clock.now_ns())  # a trading day begins the evening before its date; the future is refused
        body = await self._client.days(currencies_of([self.named(symbol)]), date_of(from_ns), date_of(last_ns))
        with reading(body):
            return rows(body, self.named(symbol))

    async def ticks(self, symbols: Sequence[str]) -> list[Tick]:
        body = await self._client.live(currencies_of(map(self.named, symbols)))
        with reading(body):
            return list(quotes(body, symbols, self.clock.now_ns()))

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, CurrencyLayerVenue(settings.providers.currencylayer, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return CurrencyLayerVenue(settings.providers.currencylayer, clock)
