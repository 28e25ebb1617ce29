"""HTX's bars of the past, for a backfill: its newest 2,000 klines."""

from collections.abc import Collection

from ingestors.candles import CandleHistory, Candles, check_reaches, lookbacks, row_of
from ingestors.htx.client import KLINES, HtxClient
from ingestors.htx.config import resolve
from ingestors.htx.wire import Kline
from ingestors.numbers import MS_NS, SECOND_NS
from ingestors.polling.rows import Row
from schemas.timeframes import Timeframe

PERIODS = {
    Timeframe.M1: "1min",
    Timeframe.M5: "5min",
    Timeframe.M15: "15min",
    Timeframe.M30: "30min",
    Timeframe.H1: "60min",
    Timeframe.H4: "4hour",
}  # its days are Singapore's, UTC+8


class HtxBarHistory(CandleHistory[HtxClient]):
    """Klines: see ingestors.bar_history."""

    timeframes = tuple(PERIODS)
    lookback_ns = lookbacks(PERIODS, KLINES)

    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.symbols())

    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        answer = await self._client.klines(name, PERIODS[timeframe])
        rows = [_row(row) for row in answer.data]
        check_reaches("htx", rows, KLINES, timeframe, first_ns)
        return Candles(rows, until_ns=answer.ts * MS_NS)


def _row(row: Kline) -> Row:
    return row_of(row.id * SECOND_NS, row.open, row.high, row.low, row.close, row.amount, row.vol, trade_count=row.count)
