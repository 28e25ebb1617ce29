"""Yahoo's chart interface."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schemas.sessions import calendar_of
from schemas.symbols import asset_class_of
from schemas.timeframes import SECOND_NS, Timeframe
from tests.poll_server import Answer, Market, Polled, Request

_TIMEFRAMES = {"1m": Timeframe.M1, "5m": Timeframe.M5, "15m": Timeframe.M15, "1h": Timeframe.H1, "1d": Timeframe.D1}
DOCUMENTED = b"""{"chart":{"result":[{"meta":{"currency":"USD","symbol":"AAPL","exchangeName":"NMS","instrumentType":"EQUITY","firstTradeDate":345479400,
"regularMarketTime":1700000000,"gmtoffset":-18000,"timezone":"EST","exchangeTimezoneName":"America/New_York","regularMarketPrice":189.9,
"chartPreviousClose":188.0,"priceHint":2,"dataGranularity":"1d","range":"5d","validRanges":["1d","5d"]},"timestamp":[1699626600,1699885800,1699972200],
"events":{"dividends":{"1699626600":{"amount":0.24,"date":1699626600}},"splits":{"1598880600":{"date":1598880600,"numerator":4,"denominator":1,
"splitRatio":"4:1"}}},"indicators":{"quote":[{"open":[183.97000122070312,null,187.7],"high":[186.6,null,188.1],"low":[183.5,null,186.3],
"close":[186.39999389648438,null,187.4],"volume":[66133400,null,60108400]}],"adjclose":[{"adjclose":[185.2,null,186.2]}]}}],"error":null}}"""


class Yahoo(Polled):
    name = "yahoo"
    symbols = ("AAPL", "EUR-USD")
    timeframe = Timeframe.M15
    section: Mapping[str, object] = {}
    unknown = b'{"finance":{"result":[]}}'
    malformed = DOCUMENTED[:400]
    hidden_limit = b"Too Many Requests\r\n"
    auth_error = (401, b'{"chart":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}')
    empty = (200, b'{"chart":{"result":[{"meta":{"symbol":"AAPL"},"indicators":{"quote":[{}]}}],"error":null}}')
    stranger = "ZZZZ"
    says_unlisted = True

    def answer(self, request: Request, market: Market) -> Answer:
        name = request.path.rpartition("/")[2].replace("%3D", "=")
        symbol = {"AAPL": "AAPL", "EURUSD=X": "EUR-USD", "MSFT": "MSFT"}.get(name)
        if symbol is None:
            missing = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return 404, json.dumps({"chart": {"result": None, "error": missing}}).encode()
        timeframe = _TIMEFRAMES[request.query["interval"]]
        found = market.candles(symbol, timeframe, *(int(request.query[name]) * SECOND_NS for name in ("period1", "period2")))
        if timeframe is not Timeframe.D1 and found:  # the live row
            found.append(replace(found[-1], open_ns=found[-1].open_ns + 61 * SECOND_NS))
        columns = {name: [float(getattr(candle, name)) for candle in found] for name in ("open", "high", "low", "close")}
        stamps = [self._stamp(symbol, timeframe, candle.open_ns) for candle in found]
        meta = {"symbol": name, "exchangeTimezoneName": "America/New_York" if symbol != "EUR-USD" else "Europe/London"}
        meta["dataGranularity"] = request.query["interval"]
        quote = columns | {"volume": [int(candle.volume) for candle in found]}
        result = {"meta": meta, "timestamp": stamps, "indicators": {"quote": [quote]}}
        return 200, json.dumps({"chart": {"result": [result], "error": None}}).encode()

    def _stamp(self, symbol: str, timeframe: Timeframe, open_ns: int) -> int:
        """A day of fx is stamped with London's midnight."""
        if timeframe is not Timeframe.D1 or asset_class_of(symbol) != "fx":
            return open_ns // SECOND_NS
        interval = calendar_of("fx").day_interval(open_ns)
        assert interval is not None
        day = datetime.fromtimestamp(interval[1] // SECOND_NS, UTC)
        return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/London")).timestamp())

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        return [("AAPL", Timeframe.D1, DOCUMENTED)]

    def ticks(self, market: Market, symbol: str) -> object:
        return None
