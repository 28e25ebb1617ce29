"""KuCoin's candles, as documented: text, the close before the high, the newest 1,500 of a time, the newest first."""

from ingestors.kucoin.bars import TYPES
from schemas.timeframes import SECOND_NS
from tests.candle_venues.venue import CandleVenue, candles, ok, seconds, turnover
from tests.poll_server import Answer, Market, Request

_TIMEFRAMES = {name: timeframe for timeframe, name in TYPES.items()}


class Kucoin(CandleVenue):
    name = "kucoin"
    symbols = ("BTC-USDT", "ETH-USDT")
    pages = 3
    quote_volume = True

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path == "/api/v2/symbols":
            return ok({"code": "200000", "data": [{"symbol": symbol, "enableTrading": True} for symbol in self.symbols]})
        assert request.path == "/api/v1/market/candles"
        from_ns, to_ns = (int(request.query[name]) * SECOND_NS for name in ("startAt", "endAt"))
        found = candles(market, request.query["symbol"], _TIMEFRAMES[request.query["type"]], from_ns, to_ns + 1)[-1_500:]
        rows = [[str(seconds(one)), one.open, one.close, one.high, one.low, one.volume, turnover(one)] for one in reversed(found)]
        return ok({"code": "200000", "data": rows})

    def broken(self) -> bytes:
        return b'{"code":"200000","data":[["1704898800",null,"1","1","1","1","1"]]}'
