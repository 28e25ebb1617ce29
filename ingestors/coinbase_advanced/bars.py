"""Coinbase Advanced Trade's bars of the past, for a backfill."""

from collections.abc import Collection

from ingestors.candles import CandleHistory, Candles, row_of
from ingestors.coinbase_advanced.client import CANDLES, AdvancedClient
from ingestors.coinbase_advanced.config import resolve
from ingestors.coinbase_advanced.wire import CandleRow
from ingestors.numbers import SECOND_NS
from ingestors.parsing import integer
from ingestors.polling.rows import Row
from schemas.timeframes import FIXED_NS, Timeframe

GRANULARITIES = {
    Timeframe.M1: "ONE_MINUTE",
    Timeframe.M5: "FIVE_MINUTE",
    Timeframe.M15: "FIFTEEN_MINUTE",
    Timeframe.M30: "THIRTY_MINUTE",
    Timeframe.H1: "ONE_HOUR",
    Timeframe.H2: "TWO_HOUR",
    Timeframe.H4: "FOUR_HOUR",
    Timeframe.H6: "SIX_HOUR",
    Timeframe.D1: "ONE_DAY",
}


class AdvancedBarHistory(CandleHistory[AdvancedClient]):
    """Candles: see ingestors.bar_history. The venue tells neither turnover nor number of trades."""

    timeframes = tuple(GRANULARITIES)

    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.products())

    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        length_ns = FIXED_NS[timeframe]
        next_ns = first_ns + CANDLES * length_ns
        rows = await self._client.candles(name, GRANULARITIES[timeframe], first_ns // SECOND_NS, (next_ns - length_ns) // SECOND_NS)
        return Candles([_row(row) for row in rows], next_ns)


def _row(row: CandleRow) -> Row:
    return row_of(integer(row.start) * SECOND_NS, row.open, row.high, row.low, row.close, row.volume)
