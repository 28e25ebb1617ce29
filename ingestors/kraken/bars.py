"""Kraken's bars of the past, for a backfill: its newest 720 candles. Both of its streams have the same REST interface."""

from collections.abc import Collection

from ingestors.candles import CandleHistory, Candles, check_reaches, lookbacks
from ingestors.kraken.client import KrakenClient
from ingestors.kraken.wire import OhlcRow
from ingestors.numbers import SECOND_NS
from ingestors.polling.rows import Row
from schemas.timeframes import FIXED_NS, Timeframe

NEWEST = 720  # all that there is, whatever is asked for
MINUTES = {
    Timeframe.M1: 1,
    Timeframe.M5: 5,
    Timeframe.M15: 15,
    Timeframe.M30: 30,
    Timeframe.H1: 60,
    Timeframe.H4: 240,
    Timeframe.D1: 1440,
}  # its weeks begin on Thursdays


class KrakenBarHistory(CandleHistory[KrakenClient]):
    """OHLC: see ingestors.bar_history. Turnover is volume times mean price, which the venue cuts to the pair's decimals."""

    timeframes = tuple(MINUTES)
    lookback_ns = lookbacks(MINUTES, NEWEST)

    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        listed = await self._client.pairs()
        return {symbol: listed[symbol].name for symbol in symbols if symbol in listed}

    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        found, last_s = await self._client.ohlc(name, MINUTES[timeframe])
        rows = [_row(row) for row in found]
        check_reaches("kraken", rows, NEWEST, timeframe, first_ns)
        return Candles(rows, until_ns=last_s * SECOND_NS + FIXED_NS[timeframe])


def _row(row: OhlcRow) -> Row:
    vwap = row.vwap if row.count else row.close
    return Row(row.time * SECOND_NS, row.open, row.high, row.low, row.close, row.volume, vwap=vwap, trade_count=row.count)
