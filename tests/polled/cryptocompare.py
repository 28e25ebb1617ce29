"""CryptoCompare's interface."""

import json
from collections.abc import Iterable, Mapping

from ingestors.cryptocompare.config import PATHS
from schemas.timeframes import FIXED_NS, SECOND_NS, Timeframe
from tests.poll_server import Answer, Market, Polled, Request

_TIMEFRAMES = {path: timeframe for timeframe, path in PATHS.items()}
DOCUMENTED = b"""{"Response":"Success","Message":"","HasWarning":false,"Type":100,"RateLimit":{},"Data":{"Aggregated":false,"TimeFrom":1652140800,
"TimeTo":1654732800,"Data":[{"time":1652140800,"high":32625.41,"low":29836.19,"open":30076.9,"volumefrom":103840.6,"volumeto":3244062170.09,
"close":31013.12,"conversionType":"direct","conversionSymbol":""},{"time":1652227200,"high":0,"low":0,"open":0,"volumefrom":0,"volumeto":0,"close":0}]}}"""


class CryptoCompare(Polled):
    name = "cryptocompare"
    symbols = ("BTC-USD", "ETH-USD")
    timeframe = Timeframe.H1
    section: Mapping[str, object] = {"api_key": "secret"}
    unknown = b'{"TYPE":"999"}'
    malformed = DOCUMENTED[:200]
    hidden_limit = b"""{"Response":"Error","Message":"You are over your rate limit please upgrade your account!","HasWarning":false,"Type":99,"Data":{}}"""
    auth_error = (
        200,
        b'{"Response":"Error","Message":"You need a valid auth key or api key to access this endpoint","HasWarning":false,"Type":1,"Data":{}}',
    )
    empty = (200, b'{"Response":"Success","Type":100,"Data":{"Data":[]}}')
    stranger = "ZZZZ-USD"
    says_unlisted = True

    def answer(self, request: Request, market: Market) -> Answer:
        assert request.headers["authorization"] == "Apikey secret"
        symbol = f"{request.query['fsym']}-{request.query['tsym']}"
        if symbol == self.stranger:
            return (
                200,
                b'{"Response":"Error","Message":"There is no data for any of the toSymbols USD .","HasWarning":false,"Type":2,"Data":{}}',
            )
        timeframe = _TIMEFRAMES[request.path]
        length_ns, until_ns = FIXED_NS[timeframe], int(request.query["toTs"]) * SECOND_NS
        last_ns = until_ns - until_ns % length_ns
        found = market.candles(symbol, timeframe, last_ns - int(request.query["limit"]) * length_ns, last_ns + 1)
        rows = [
            {name: float(getattr(candle, name)) for name in ("open", "high", "low", "close")}
            | {"time": candle.open_ns // SECOND_NS, "volumefrom": float(candle.volume), "volumeto": float(candle.volume) * 100}
            for candle in found
        ]
        return 200, json.dumps({"Response": "Success", "Message": "", "Type": 100, "Data": {"Data": rows}}).encode()

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        return [("BTC-USD", Timeframe.D1, DOCUMENTED)]

    def ticks(self, market: Market, symbol: str) -> object:
        return None
