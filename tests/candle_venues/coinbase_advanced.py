"""Coinbase Advanced Trade's candles, as documented: the newest first, fewer than 350 at once."""

from ingestors.coinbase_advanced.bars import GRANULARITIES
from schemas.timeframes import FIXED_NS, SECOND_NS
from tests.candle_venues.venue import CandleVenue, candles, ok, seconds
from tests.poll_server import Answer, Market, Request

_ROOT = "/api/v3/brokerage/market/products"
_TIMEFRAMES = {name: timeframe for timeframe, name in GRANULARITIES.items()}


class CoinbaseAdvanced(CandleVenue):
    name = "coinbase-advanced"
    symbols = ("BTC-USD", "ETH-USD")
    pages = 11

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path == _ROOT:
            return ok({"products": [{"product_id": symbol, "is_disabled": False} for symbol in self.symbols]})
        product = request.path.removeprefix(f"{_ROOT}/").removesuffix("/candles")
        timeframe = _TIMEFRAMES[request.query["granularity"]]
        from_s, to_s = int(request.query["start"]), int(request.query["end"])
        if (to_s - from_s) * SECOND_NS // FIXED_NS[timeframe] >= 349:
            return 400, b'{"error":"INVALID_ARGUMENT","message":"number of candles requested should be less than 350"}'
        rows = [
            {"start": str(seconds(one)), "low": one.low, "high": one.high, "open": one.open, "close": one.close, "volume": one.volume}
            for one in candles(market, product, timeframe, from_s * SECOND_NS, to_s * SECOND_NS + 1)
        ]
        return ok({"candles": rows[::-1]})

    def broken(self) -> bytes:
        return b'{"candles":[{"start":"1704898800","low":"1","high":"1","open":null,"close":"1","volume":"1"}]}'
