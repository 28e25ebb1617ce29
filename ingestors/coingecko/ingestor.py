"""CoinGecko as the shared ingestor sees it: bars and prices, by polling."""

from collections.abc import Sequence

from ingestors.bar_history import BarHistory
from ingestors.coingecko.client import CoinGeckoClient
from ingestors.coingecko.config import DAYS, LOOKBACK_NS, NAME, SECTION, SYMBOLS_PER_CALL, days_for, name_of
from ingestors.coingecko.parse import quotes, rows
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row
from ingestors.polling.venue import PollVenue, Tick
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.coingecko import CoinGeckoSettings
from schemas.timeframes import DAY_NS, Timeframe


class CoinGeckoVenue(PollVenue):
    """See ingestors.polling.venue. Candles are asked for from now back, so the past has one page."""

    name = NAME
    section = SECTION
    timeframes = tuple(DAYS)
    lookback_ns = LOOKBACK_NS
    symbols_per_call = SYMBOLS_PER_CALL

    def __init__(self, settings: CoinGeckoSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._coins = settings.coins
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        self._client = CoinGeckoClient(settings.rest_url, key, settings.plan)

    def name_of(self, symbol: str) -> str:
        return name_of(symbol, self._coins)

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        return from_ns + 3_650 * DAY_NS

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        coin, _, currency = self.named(symbol).partition("/")
        body = await self._client.candles(coin, currency, days_for(timeframe, self.clock.now_ns() - from_ns))
        with reading(body):
            return rows(body, timeframe)

    async def ticks(self, symbols: Sequence[str]) -> list[Tick]:
        named = {symbol: (coin, currency) for symbol in symbols for coin, _, currency in (self.named(symbol).partition("/"),)}
        body = await self._client.prices({coin for coin, _ in named.values()}, {currency for _, currency in named.values()})
        with reading(body):
            return list(quotes(body, named, self.clock.now_ns()))

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, CoinGeckoVenue(settings.providers.coingecko, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return CoinGeckoVenue(settings.providers.coingecko, clock)
