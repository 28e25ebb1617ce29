"""Quandl's interface."""

import json
from collections.abc import Iterable, Mapping

from ingestors.polling.rows import date_of, day_ns
from schemas.timeframes import DAY_NS, Timeframe
from tests.poll_server import Answer, Market, Polled, Request

_DATASETS = {"EOD/AAPL": "AAPL", "TEST/M": "MSFT"}
DOCUMENTED = b"""{"dataset_data":{"limit":null,"column_names":["Date","Open","High","Low","Close","Volume","Ex-Dividend","Split Ratio","Adj. Close"],
"start_date":"2018-03-26","end_date":"2018-03-27","frequency":"daily","data":[["2018-03-27",173.68,175.15,166.92,168.34,38962839.0,0.0,1.0,168.34],
["2018-03-26",168.07,173.1,166.44,172.77,36272617.0,0.63,7.0,172.77]],"collapse":null,"order":null}}"""
VALUES = b"""{"dataset_data":{"column_names":["Date","Value"],"frequency":"daily","data":[["2018-03-26",1335.2],["2018-03-27",1345.5]]}}"""


class Quandl(Polled):
    name = "quandl"
    symbols = ("AAPL", "MSFT")
    timeframe = Timeframe.D1
    section: Mapping[str, object] = {"api_key": "secret", "datasets": {"MSFT": "TEST/M"}}
    unknown = b'{"datasets":[]}'
    malformed = DOCUMENTED[:200]
    hidden_limit = b'{"quandl_error":{"code":"QELx02","message":"You have exceeded your daily call limit as a registered user."}}'
    auth_error = (400, b'{"quandl_error":{"code":"QEAx01","message":"We could not recognize your API key. Please check your API key."}}')
    empty = (200, b'{"dataset_data":{"column_names":["Date","Close"],"frequency":"daily","data":[]}}')
    stranger = "ZZZZ"
    says_unlisted = True

    def answer(self, request: Request, market: Market) -> Answer:
        assert request.headers["x-api-token"] == "secret"
        symbol = _DATASETS.get(request.path.removeprefix("/api/v3/datasets/").removesuffix("/data.json"))
        if symbol is None:
            return 404, b'{"quandl_error":{"code":"QECx02","message":"You have submitted an incorrect Quandl code."}}'
        from_ns, to_ns = (day_ns(request.query[name]) for name in ("start_date", "end_date"))
        found = market.candles(symbol, Timeframe.D1, from_ns, to_ns + DAY_NS)
        names = ("open", "high", "low", "close", "volume")
        rows = [[date_of(candle.open_ns), *(float(getattr(candle, name)) for name in names)] for candle in found]
        columns = ["Date", "Open", "High", "Low", "Close", "Volume"]
        return 200, json.dumps({"dataset_data": {"column_names": columns, "frequency": "daily", "data": rows}}).encode()

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        return [("AAPL", Timeframe.D1, DOCUMENTED), ("GOLD", Timeframe.D1, VALUES)]

    def ticks(self, market: Market, symbol: str) -> object:
        return None
