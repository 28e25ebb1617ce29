"""HTX's klines, as documented: numbers, the newest 2,000, the newest first and still running."""

from ingestors.htx.bars import PERIODS
from schemas.timeframes import SECOND_NS
from tests.candle_venues.venue import CandleVenue, newest, numbers, ok, seconds, traded, turnover
from tests.poll_server import Answer, Market, Request

_TIMEFRAMES = {name: timeframe for timeframe, name in PERIODS.items()}
_NAMES = {"btcusdt": "BTC-USDT", "ethusdt": "ETH-USDT"}


class Htx(CandleVenue):
    name = "htx"
    symbols = ("BTC-USDT", "ETH-USDT")
    pages = 1
    newest = 2_000
    quote_volume = trade_count = True

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path == "/v1/common/symbols":
            pairs = [(name, *symbol.lower().split("-")) for name, symbol in _NAMES.items()]
            rows: list[object] = [
                {"symbol": name, "base-currency": base, "quote-currency": quote, "state": "online"} for name, base, quote in pairs
            ]
            return ok({"status": "ok", "data": rows})
        assert request.path == "/market/history/kline"
        timeframe, size = _TIMEFRAMES[request.query["period"]], int(request.query["size"])
        assert size <= 2_000
        found = [one for one in newest(market, _NAMES[request.query["symbol"]], timeframe, size + size // 2) if traded(one, timeframe)][
            -size:
        ]
        names = ("open", "close", "low", "high", "amount", "vol")
        texts = [(one.open, one.close, one.low, one.high, one.volume, turnover(one)) for one in found]
        rows = [{"id": seconds(one), "count": 9} | dict(zip(names, numbers(of), strict=True)) for one, of in zip(found, texts, strict=True)]
        return ok({"ch": "kline", "status": "ok", "ts": market.clock.now_ns() * 1_000 // SECOND_NS, "data": rows[::-1]})

    def broken(self) -> bytes:
        row = b'{"id":1704898800,"open":null,"close":1,"low":1,"high":1,"amount":1,"vol":1,"count":1}'
        return b'{"ch":"kline","status":"ok","ts":1704898830000,"data":[' + row + b"]}"
