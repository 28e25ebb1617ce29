"""Coinbase Exchange's bars of the past, for a backfill."""

from collections.abc import Collection

from ingestors.candles import CandleHistory, Candles, row_of
from ingestors.coinbase.client import CANDLES, CoinbaseClient
from ingestors.coinbase.config import resolve
from ingestors.coinbase.wire import Candle
from ingestors.numbers import SECOND_NS
from ingestors.polling.rows import Row
from schemas.timeframes import FIXED_NS, Timeframe


class CoinbaseBarHistory(CandleHistory[CoinbaseClient]):
    """Candles: see ingestors.bar_history. The venue tells neither turnover nor number of trades."""

    timeframes = (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.H6, Timeframe.D1)

    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.products())

    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        length_ns = FIXED_NS[timeframe]
        rows = await self._client.candles(name, length_ns // SECOND_NS, first_ns // SECOND_NS)
        return Candles([_row(row) for row in rows], first_ns + CANDLES * length_ns)


def _row(row: Candle) -> Row:
    return row_of(row.time * SECOND_NS, row.open, row.high, row.low, row.close, row.volume)
