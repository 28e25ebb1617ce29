"""Financial Modeling Prep's interface."""

import json
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from ingestors.polling.rows import local_ns, minute_of
from schemas.timeframes import DAY_NS, HOUR_NS, Timeframe
from tests.poll_server import Answer, Market, Polled, Request

_NEW_YORK = ZoneInfo("America/New_York")
_TIMEFRAMES = {"1min": Timeframe.M1, "5min": Timeframe.M5, "15min": Timeframe.M15, "30min": Timeframe.M30, "1hour": Timeframe.H1}
DAYS = b"""[{"symbol":"AAPL","date":"2024-01-03","open":184.22,"high":185.88,"low":183.43,"close":184.25,"volume":58414460,"change":0.03,
"changePercent":0.016,"vwap":184.445},{"symbol":"AAPL","date":"2024-01-02","open":187.15,"high":188.44,"low":183.89,"close":185.64,"volume":82488700,
"change":-1.51,"changePercent":-0.8,"vwap":186.28}]"""
MINUTES = b"""[{"date":"2024-01-02 15:59:00","open":185.5,"low":185.4,"high":185.65,"close":185.64,"volume":1264733},
{"date":"2024-01-02 15:58:00","open":185.44,"low":185.41,"high":185.51,"close":185.5,"volume":401222}]"""


class Fmp(Polled):
    name = "fmp"
    symbols = ("AAPL", "EUR-USD")
    timeframe = Timeframe.M15
    section: Mapping[str, object] = {"api_key": "secret"}
    unknown = b'{"news":[1]}'
    malformed = MINUTES[:60]
    hidden_limit = b'{"Error Message" : "Limit Reach . Please upgrade your plan or visit our documentation for more details"}'
    auth_error = (401, b'{"Error Message": "Invalid API KEY. Please retry or visit our documentation to create one FREE"}')
    empty = (200, b"[]")
    stranger = "ZZZZ"
    says_unlisted = False

    def answer(self, request: Request, market: Market) -> Answer:
        assert request.query["apikey"] == "secret"
        symbol = {"AAPL": "AAPL", "EURUSD": "EUR-USD"}.get(request.query["symbol"])
        if symbol is None:
            return self.empty
        interval = request.path.rpartition("/")[2]
        timeframe = _TIMEFRAMES.get(interval, Timeframe.D1)
        from_ns, to_ns = (local_ns(request.query[name], _NEW_YORK) for name in ("from", "to"))
        found = market.candles(symbol, timeframe, from_ns, to_ns + DAY_NS + 8 * HOUR_NS)
        rows = []
        for candle in reversed(found):
            date = minute_of(candle.open_ns, _NEW_YORK) if timeframe is not Timeframe.D1 else minute_of(candle.close_ns, _NEW_YORK)[:10]
            prices = {name: float(getattr(candle, name)) for name in ("open", "low", "high", "close")}
            rows.append({"date": date, **prices, "volume": int(candle.volume)})
        return 200, json.dumps(rows).encode()

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        return [("AAPL", Timeframe.D1, DAYS), ("AAPL", Timeframe.M1, MINUTES)]

    def ticks(self, market: Market, symbol: str) -> object:
        return None
