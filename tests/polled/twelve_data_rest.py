"""Twelve Data's REST interface."""

import json
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from ingestors.polling.rows import local_ns, minute_of
from ingestors.twelve_data_rest.config import INTERVALS
from schemas.timeframes import DAY_NS, FIXED_NS, SECOND_NS, Timeframe
from tests.poll_server import Answer, Market, Polled, Request

_UTC = ZoneInfo("UTC")
_TIMEFRAMES = {word: timeframe for timeframe, word in INTERVALS.items()}
DOCUMENTED = b"""{"meta":{"symbol":"AAPL","interval":"1min","currency":"USD","exchange_timezone":"America/New_York","exchange":"NASDAQ","mic_code":"XNAS",
"type":"Common Stock"},"values":[{"datetime":"2021-09-16 19:59:00","open":"148.73500","high":"148.86000","low":"148.73000","close":"148.85001",
"volume":"624277"},{"datetime":"2021-09-16 19:58:00","open":"148.72","high":"148.78","low":"148.70","close":"148.74","volume":"274622"}],"status":"ok"}"""


class TwelveData(Polled):
    name = "twelve-data-rest"
    symbols = ("AAPL", "BTC-USD")
    timeframe = Timeframe.M30
    section: Mapping[str, object] = {"api_key": "secret"}
    unknown = b'{"event":"price"}'
    malformed = DOCUMENTED[:300]
    hidden_limit = b"""{"code":429,"message":"You have run out of API credits for the current minute. 9 API credits were used, with the current limit being 8.",
"status":"error"}"""
    auth_error = (401, b'{"code":401,"message":"**apikey** parameter is incorrect or not specified.","status":"error"}')
    empty = (
        200,
        b'{"code":400,"message":"No data is available on the specified dates. Try setting different start/end dates.","status":"error"}',
    )
    stranger = "ZZZZ"
    says_unlisted = True

    def answer(self, request: Request, market: Market) -> Answer:
        assert request.headers["authorization"] == "apikey secret"
        assert request.query["timezone"] == "UTC"
        symbol = {"AAPL": "AAPL", "BTC/USD": "BTC-USD"}.get(request.query["symbol"])
        if symbol is None:
            return (
                200,
                b'{"code":404,"message":"**symbol** not found: ZZZZ. Please specify it correctly according to API Documentation.","status":"error"}',
            )
        timeframe = _TIMEFRAMES[request.query["interval"]]
        from_ns, to_ns = (local_ns(request.query[name], _UTC) for name in ("start_date", "end_date"))
        found = market.candles(symbol, timeframe, from_ns, to_ns + SECOND_NS)[: int(request.query["outputsize"])]
        of_days = FIXED_NS.get(timeframe, DAY_NS) >= DAY_NS
        values = []
        for candle in found:
            prices = {name: getattr(candle, name) for name in ("open", "high", "low", "close", "volume")}
            values.append({"datetime": minute_of(candle.open_ns)[: 10 if of_days else 19], **prices})
        if not values:
            return self.empty
        meta = {"symbol": request.query["symbol"], "interval": request.query["interval"]}
        return 200, json.dumps({"meta": meta, "values": values, "status": "ok"}).encode()

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        return [("AAPL", Timeframe.M1, DOCUMENTED)]

    def ticks(self, market: Market, symbol: str) -> object:
        return None
