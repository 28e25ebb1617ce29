"""Coinbase Exchange's candles, as documented: numbers, low before high before open, the newest first, 300 at most."""

from datetime import datetime

from schemas.timeframes import FIXED_NS, SECOND_NS, Timeframe
from tests.candle_venues.venue import CandleVenue, candles, numbers, ok, seconds
from tests.poll_server import Answer, Market, Request

_TIMEFRAMES = {str(length_ns // SECOND_NS): timeframe for timeframe, length_ns in FIXED_NS.items()}


class Coinbase(CandleVenue):
    name = "coinbase"
    symbols = ("BTC-USD", "ETH-USD")
    pages = 11

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path == "/products":
            return ok([{"id": symbol} for symbol in self.symbols])
        timeframe: Timeframe = _TIMEFRAMES[request.query["granularity"]]
        from_s, to_s = (int(datetime.fromisoformat(request.query[name]).timestamp()) for name in ("start", "end"))
        if (to_s - from_s) * SECOND_NS // FIXED_NS[timeframe] >= 300:
            return 400, b'{"message":"granularity too small for the requested time range. Count of aggregations requested exceeds 300"}'
        found = candles(market, request.path.split("/")[2], timeframe, from_s * SECOND_NS, to_s * SECOND_NS + 1)
        return ok([[seconds(one), *numbers((one.low, one.high, one.open, one.close, one.volume))] for one in reversed(found)])

    def broken(self) -> bytes:
        return b"[[1704898800,1,1,null,1,1]]"
