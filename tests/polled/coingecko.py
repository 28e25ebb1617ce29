"""CoinGecko's interface."""

import json
from collections.abc import Iterable, Mapping

from schemas.timeframes import DAY_NS, FIXED_NS, SECOND_NS, Timeframe
from tests.poll_server import Answer, Market, Polled, Request

_SYMBOLS = {"bitcoin": "BTC-USD", "ethereum": "ETH-USD"}
DOCUMENTED = b"[[1709395200000,61942,62211,61721,61845],[1709397000000,61828,62139,61726,62139],[1709398799123,62171,62210,61821,62068]]"


class CoinGecko(Polled):
    name = "coingecko"
    symbols = ("BTC-USD", "ETH-USD")
    timeframe = Timeframe.M30
    section: Mapping[str, object] = {"coins": {"BTC": "bitcoin", "ETH": "ethereum", "ZZZZ": "no-such-coin"}}
    unknown = b'{"gecko_says":{"(V3)":"To the Moon!"}}'
    malformed = DOCUMENTED[:70]
    hidden_limit = b"""{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit. Please visit our website"}}"""
    auth_error = (401, b'{"status":{"error_code":10002,"error_message":"API Key Missing"}}')
    empty = (200, b"[]")
    stranger = "ZZZZ-USD"
    says_unlisted = True

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path.endswith("/simple/price"):
            return 200, json.dumps(
                {coin: self._price(coin, market) for coin in request.query["ids"].split(",") if coin in _SYMBOLS}
            ).encode()
        symbol = _SYMBOLS.get(request.path.split("/")[4])
        if symbol is None:
            return 404, b'{"error":"coin not found"}'
        timeframe = Timeframe.M30 if request.query["days"] == "1" else Timeframe.H4
        now_ns = market.clock.now_ns()
        found = market.candles(symbol, timeframe, now_ns - int(request.query["days"]) * DAY_NS - FIXED_NS[timeframe], now_ns)
        rows = [
            [min(one.close_ns, now_ns) // 1_000_000, *(float(getattr(one, name)) for name in ("open", "high", "low", "close"))]
            for one in found
        ]
        return 200, json.dumps(rows).encode()

    def _price(self, coin: str, market: Market) -> object:
        price, at_ns = market.price(_SYMBOLS[coin])
        return {"usd": float(price), "last_updated_at": at_ns // SECOND_NS}

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        return [("BTC-USD", Timeframe.M30, DOCUMENTED)]

    def ticks(self, market: Market, symbol: str) -> object:
        price, at_ns = market.price(symbol)
        return "quote", str(float(price)), str(float(price)), at_ns
