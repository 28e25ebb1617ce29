"""Finnhub's bars of the past, for a backfill: of shares and crypto, with plans that have them."""

from collections.abc import Collection

from ingestors.candles import CandleHistory, Candles, row_of
from ingestors.finnhub import wire
from ingestors.finnhub.client import FinnhubClient
from ingestors.finnhub.config import resolve
from ingestors.numbers import SECOND_NS
from ingestors.polling.rows import Row
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings.providers.finnhub import FinnhubSettings
from schemas.bars import ProviderActions
from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS, FIXED_NS, Timeframe

RESOLUTIONS = {
    Timeframe.M1: "1",
    Timeframe.M5: "5",
    Timeframe.M15: "15",
    Timeframe.M30: "30",
    Timeframe.H1: "60",
    Timeframe.D1: "D",
}
_SHARES_PAGE_NS = 28 * DAY_NS  # a month of minutes is what the provider gives at once
_DAYS_PAGE_NS = 365 * DAY_NS
_CRYPTO_PAGE = 500  # candles: no limit is documented, so few, that none cuts them off


class FinnhubBarHistory(CandleHistory[FinnhubClient]):
    """Candles: see ingestors.bar_history. Days of shares are adjusted for splits, minutes are not. Those of currencies do not say whether they are bids."""

    timeframes = tuple(RESOLUTIONS)

    def __init__(self, client: FinnhubClient, settings: FinnhubSettings, source: str, clock: Clock) -> None:
        super().__init__(client, source, clock)
        self._settings = settings

    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        currencies = sorted(symbol for symbol in symbols if asset_class_of(symbol) == "fx")
        if currencies:
            raise UserError(f"finnhub gives no bars of currencies that say what they are prices of; leave {', '.join(currencies)} out")
        return resolve(self._settings, symbols, await self._client.listed(symbols))

    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        kind, daily = "crypto" if ":" in name else "stock", timeframe is Timeframe.D1
        shares_ns = _DAYS_PAGE_NS if daily else _SHARES_PAGE_NS
        next_ns = first_ns + (shares_ns if kind == "stock" else _CRYPTO_PAGE * FIXED_NS[timeframe])
        early_ns = DAY_NS if daily else 0  # a share's day stands at midnight, and its session begins later
        span = (first_ns - early_ns) // SECOND_NS, next_ns // SECOND_NS - 1
        answer = await self._client.candles(kind, name, RESOLUTIONS[timeframe], *span)
        actions = ProviderActions(splits_adjusted=daily) if kind == "stock" else None
        return Candles([row._replace(actions=actions) for row in _rows(answer, DAY_NS if daily else SECOND_NS)], next_ns)


def _rows(answer: wire.Candles, step_ns: int) -> list[Row]:
    """step_ns: which times begin candles; a day may stand at any of its instants."""
    columns = zip(answer.t, answer.o, answer.h, answer.l, answer.c, answer.v, strict=True)
    return [row_of(at_s * SECOND_NS // step_ns * step_ns, *numbers) for at_s, *numbers in columns]
