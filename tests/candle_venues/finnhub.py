"""Finnhub's candles, as documented: columns of numbers, a month of minutes of a share at most, days at midnight UTC."""

from collections.abc import Mapping

from ingestors.finnhub.bars import RESOLUTIONS
from schemas.timeframes import DAY_NS, SECOND_NS, Timeframe
from tests.candle_venues.venue import CandleVenue, candles, numbers, ok, seconds
from tests.poll_server import Answer, Market, Request

_TIMEFRAMES = {name: timeframe for timeframe, name in RESOLUTIONS.items()}
_MONTH_S = 31 * 86_400


class Finnhub(CandleVenue):
    name = "finnhub"
    symbols = ("BTC-USDT", "AAPL")
    stranger = "ZZZZ"
    pages = 7
    section: Mapping[str, object] = {"api_key": "secret"}

    def answer(self, request: Request, market: Market) -> Answer:
        assert request.headers["x-finnhub-token"] == "secret"
        if request.path == "/api/v1/quote":
            return ok({"c": 1.0, "t": 1} if request.query["symbol"] == "AAPL" else {"c": 0, "t": 0})
        if request.path == "/api/v1/crypto/symbol":
            return ok([{"symbol": "BINANCE:BTCUSDT"}])
        symbol, kind = {"BINANCE:BTCUSDT": ("BTC-USDT", "crypto"), "AAPL": ("AAPL", "stock")}[request.query["symbol"]]
        assert request.path == f"/api/v1/{kind}/candle"
        timeframe = _TIMEFRAMES[request.query["resolution"]]
        from_s, to_s = int(request.query["from"]), int(request.query["to"])
        daily = timeframe is Timeframe.D1
        assert daily or kind == "crypto" or to_s - from_s <= _MONTH_S
        later_ns = DAY_NS if daily else 0
        found = candles(market, symbol, timeframe, from_s * SECOND_NS, (to_s + 1) * SECOND_NS + later_ns)
        times = [seconds(one) // 86_400 * 86_400 if daily else seconds(one) for one in found]
        inside = [number for number, at_s in enumerate(times) if from_s <= at_s <= to_s]
        if not inside:
            return ok({"s": "no_data"})
        names = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
        columns = {letter: numbers(getattr(found[number], name) for number in inside) for letter, name in names.items()}
        return ok({"s": "ok", "t": [times[number] for number in inside]} | columns)

    def broken(self) -> bytes:
        return b'{"s":"ok","t":[1704898800],"o":[null],"h":[1],"l":[1],"c":[1],"v":[1]}'
