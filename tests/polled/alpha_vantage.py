"""Alpha Vantage's interface."""

import json
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from ingestors.alpha_vantage.config import INTERVALS
from ingestors.polling.rows import minute_of
from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS, Timeframe
from tests.poll_server import RECORDED, Answer, Market, Polled, Request

_TIMEFRAMES = {word: timeframe for timeframe, word in INTERVALS.items()}
_ZONES = {"equity": "US/Eastern", "fx": "UTC"}
DOCUMENTED = b"""{"Meta Data":{"1. Information":"Intraday (1min) prices and volumes","2. Symbol":"MSFT","3. Last Refreshed":"2017-12-18 14:56:00",
"4. Interval":"1min","5. Output Size":"Compact","6. Time Zone":"US/Eastern"},"Time Series (1min)":{"2017-12-18 14:56:00":{"1. open":"86.4900",
"2. high":"86.5000","3. low":"86.4750","4. close":"86.5000","5. volume":"10494"}}}"""


class AlphaVantage(Polled):
    name = "alpha-vantage"
    symbols = ("AAPL", "EUR-USD")
    timeframe = Timeframe.M30
    section: Mapping[str, object] = {"api_key": "secret"}
    unknown = b'{"bestMatches":[]}'
    malformed = DOCUMENTED[:300]
    hidden_limit = b"""{"Information":"We have detected your API key as secret and our standard API rate limit is 25 requests per day. Please subscribe"}"""
    auth_error = (200, b'{"Error Message":"the parameter apikey is invalid or missing. Please claim your free API key on our website."}')
    empty = (200, b'{"Meta Data":{"6. Time Zone":"US/Eastern"},"Time Series (30min)":{}}')
    stranger = "ZZZZ"
    says_unlisted = True

    def answer(self, request: Request, market: Market) -> Answer:
        query = request.query
        assert query["apikey"] == "secret"
        if query["function"] == "CURRENCY_EXCHANGE_RATE":
            return 200, self._rate(query, market)
        symbol = query.get("symbol") or f"{query['from_symbol']}-{query['to_symbol']}"
        if symbol == "ZZZZ":
            return 200, b'{"Error Message":"Invalid API call. Please retry or visit the documentation for TIME_SERIES_INTRADAY."}'
        timeframe, zone = _TIMEFRAMES[query.get("interval", "")], ZoneInfo(_ZONES[asset_class_of(symbol)])
        found = market.candles(symbol, timeframe, market.clock.now_ns() - 35 * DAY_NS, market.clock.now_ns())
        if query["outputsize"] == "compact":
            found = found[-100:]
        if "month" in query:
            found = [candle for candle in found if minute_of(candle.open_ns).startswith(query["month"])]
        names = ("open", "high", "low", "close") if asset_class_of(symbol) == "fx" else ("open", "high", "low", "close", "volume")
        series = {
            minute_of(candle.open_ns, zone)[: 19 if query.get("interval") else 10]: {
                f"{number}. {name}": getattr(candle, name) for number, name in enumerate(names, 1)
            }
            for candle in reversed(found)
        }
        return 200, json.dumps({"Meta Data": {"6. Time Zone": zone.key}, "Time Series FX (30min)": series}).encode()

    def _rate(self, query: Mapping[str, str], market: Market) -> bytes:
        price, at_ns = market.price(f"{query['from_currency']}-{query['to_currency']}")
        told = {"5. Exchange Rate": price, "6. Last Refreshed": minute_of(at_ns), "7. Time Zone": "UTC"}
        return json.dumps({"Realtime Currency Exchange Rate": told | {"8. Bid Price": price, "9. Ask Price": price + "1"}}).encode()

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        yield "MSFT", Timeframe.M1, DOCUMENTED
        path = RECORDED / "alpha_vantage" / "mock_time_series.json"
        if path.is_file():
            yield "MSFT", Timeframe.M1, path.read_bytes()

    def ticks(self, market: Market, symbol: str) -> object:
        price, at_ns = market.price(symbol)
        return ("quote", price, price + "1", at_ns) if asset_class_of(symbol) == "fx" else None
