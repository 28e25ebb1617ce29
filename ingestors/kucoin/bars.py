"""KuCoin's bars of the past, for a backfill."""

from collections.abc import Collection

from ingestors.candles import CandleHistory, Candles, row_of
from ingestors.kucoin.client import KucoinClient
from ingestors.kucoin.config import resolve
from ingestors.kucoin.wire import CandleRow
from ingestors.numbers import SECOND_NS
from ingestors.parsing import integer
from ingestors.polling.rows import Row
from schemas.timeframes import FIXED_NS, Timeframe

PAGE = 1_499  # of the 1,500 of one call: it does not matter whether the end that is asked for counts
TYPES = {
    Timeframe.M1: "1min",
    Timeframe.M5: "5min",
    Timeframe.M15: "15min",
    Timeframe.M30: "30min",
    Timeframe.H1: "1hour",
    Timeframe.H2: "2hour",
    Timeframe.H4: "4hour",
    Timeframe.H6: "6hour",
    Timeframe.H8: "8hour",
    Timeframe.H12: "12hour",
    Timeframe.D1: "1day",
}


class KucoinBarHistory(CandleHistory[KucoinClient]):
    """Candles: see ingestors.bar_history. The venue does not tell the number of trades."""

    timeframes = tuple(TYPES)

    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.symbols())

    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        next_ns = first_ns + PAGE * FIXED_NS[timeframe]
        rows = await self._client.candles(name, TYPES[timeframe], first_ns // SECOND_NS, next_ns // SECOND_NS)
        return Candles([_row(row) for row in rows], next_ns)


def _row(row: CandleRow) -> Row:
    return row_of(integer(row.time) * SECOND_NS, row.open, row.high, row.low, row.close, row.volume, row.turnover)
