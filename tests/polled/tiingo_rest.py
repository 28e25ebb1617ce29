"""Tiingo's REST interface."""

import json
import re
from collections.abc import Iterable, Mapping

from ingestors.polling.rows import date_of, day_ns, minute_of
from ingestors.tiingo_rest.config import INTERVALS
from schemas.timeframes import DAY_NS, Timeframe
from tests.poll_server import RECORDED, Answer, Market, Polled, Request

_TIMEFRAMES = {word: timeframe for timeframe, word in INTERVALS.items()}
_SYMBOLS = {"aapl": "AAPL", "btcusd": "BTC-USD", "eurusd": "EUR-USD"}
_FILES = {
    "intraday_price.yaml": ("GOOGL", Timeframe.M30),
    "ticker_price_with_date.yaml": ("GOOGL", Timeframe.D1),
    "crypto_price_history.yaml": ("BTC-USD", Timeframe.D1),
}
DOCUMENTED = b"""[{"date":"2015-01-02T00:00:00.000Z","close":529.55,"high":535.8,"low":527.88,"open":532.6,"volume":1327870,"adjClose":529.55,
"adjHigh":535.8,"adjLow":527.88,"adjOpen":532.6,"adjVolume":1327870,"divCash":0.24,"splitFactor":2.0}]"""


class Tiingo(Polled):
    name = "tiingo-rest"
    symbols = ("AAPL", "BTC-USD")
    timeframe = Timeframe.M30
    section: Mapping[str, object] = {"api_key": "secret"}
    unknown = b'{"messageType":"H"}'
    malformed = DOCUMENTED[:90]
    hidden_limit = b"Error: You have run over your hourly request allocation. Then please upgrade at https://api.tiingo.com/pricing"
    auth_error = (401, b'{"detail":"Invalid token."}')
    empty = (200, b"[]")
    stranger = "ZZZZ"
    says_unlisted = False

    def answer(self, request: Request, market: Market) -> Answer:
        assert request.headers["authorization"] == "Token secret"
        if request.path.endswith("/top"):
            return 200, json.dumps([self._top(name, market) for name in request.query["tickers"].split(",")]).encode()
        name = request.query.get("tickers") or request.path.split("/")[-2]
        symbol = _SYMBOLS.get(name)
        if symbol is None:
            return (404, b'{"detail":"Not found."}') if "/daily/" in request.path else self.empty
        timeframe = _TIMEFRAMES[request.query.get("resampleFreq", "1day")]
        from_ns, to_ns = (day_ns(request.query[name]) for name in ("startDate", "endDate"))
        rows = []
        for candle in market.candles(symbol, timeframe, from_ns, to_ns + DAY_NS):
            date = f"{date_of(candle.open_ns)}T{minute_of(candle.open_ns)[11:]}.000Z"
            rows.append({"date": date} | {name: float(getattr(candle, name)) for name in ("open", "high", "low", "close", "volume")})
        body = [{"ticker": name, "baseCurrency": "btc", "quoteCurrency": "usd", "priceData": rows}] if "crypto" in request.path else rows
        return 200, json.dumps(body).encode()

    def _top(self, name: str, market: Market) -> object:
        price, at_ns = market.price(_SYMBOLS[name])
        time = f"{minute_of(at_ns).replace(' ', 'T')}.000000+00:00"
        top = {"quoteTimestamp": time, "bidPrice": float(price), "bidSize": 1.5, "askPrice": float(price) + 1, "askSize": 2}
        return {"ticker": name, "topOfBookData": [top]}

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        yield "AAPL", Timeframe.D1, DOCUMENTED
        for name, (symbol, timeframe) in _FILES.items():
            path = RECORDED / "tiingo-python" / name
            if path.is_file():
                text = re.search(r"body: \{string: '(.*?)'\}", path.read_text(), re.DOTALL)
                assert text is not None
                yield symbol, timeframe, re.sub(r"\n\s+", "", text[1]).encode()

    def ticks(self, market: Market, symbol: str) -> object:
        price, at_ns = market.price(symbol)
        return ("quote", str(float(price)), str(float(price) + 1), at_ns) if symbol == "BTC-USD" else None
