"""Bitfinex's bars of the past, for a backfill."""

from collections.abc import Collection

from ingestors.bitfinex.client import PAGE, BitfinexClient
from ingestors.bitfinex.config import resolve
from ingestors.bitfinex.wire import CandleRow
from ingestors.candles import CandleHistory, Candles, row_of
from ingestors.numbers import MS_NS
from ingestors.polling.rows import Row
from schemas.timeframes import FIXED_NS, Timeframe

TIMEFRAMES = {
    Timeframe.M1: "1m",
    Timeframe.M5: "5m",
    Timeframe.M15: "15m",
    Timeframe.M30: "30m",
    Timeframe.H1: "1h",
    Timeframe.H6: "6h",
    Timeframe.H12: "12h",
    Timeframe.D1: "1D",
}


class BitfinexBarHistory(CandleHistory[BitfinexClient]):
    """Candles: see ingestors.bar_history. The venue tells neither turnover nor number of trades."""

    timeframes = tuple(TIMEFRAMES)

    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.pairs())

    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        rows = await self._client.candles(name, TIMEFRAMES[timeframe], first_ns // MS_NS, (to_ns - 1) // MS_NS)
        next_ns = rows[-1].time * MS_NS + FIXED_NS[timeframe] if len(rows) == PAGE else None
        return Candles([_row(row) for row in rows], next_ns)


def _row(row: CandleRow) -> Row:
    return row_of(row.time * MS_NS, row.open, row.high, row.low, row.close, row.volume)
