"""CurrencyLayer's interface."""

import json
from collections.abc import Iterable, Mapping

from ingestors.polling.rows import date_of, day_ns
from schemas.timeframes import DAY_NS, SECOND_NS, Timeframe
from tests.poll_server import Answer, Candle, Market, Polled, Request

DOCUMENTED = b"""{"success":true,"timeframe":true,"start_date":"2010-03-01","end_date":"2010-03-02","source":"USD",
"quotes":{"2010-03-01":{"USDGBP":0.668525},"2010-03-02":{"USDGBP":0.669}}}"""


class CurrencyLayer(Polled):
    name = "currencylayer"
    symbols = ("USD-JPY", "USD-CHF")
    timeframe = Timeframe.D1
    section: Mapping[str, object] = {"api_key": "secret"}
    unknown = b'{"success":true,"currencies":{"EUR":"Euro"}}'
    malformed = DOCUMENTED[:150]
    hidden_limit = b"""{"success":false,"error":{"code":104,"info":"Your monthly usage limit has been reached. Please upgrade your subscription plan."}}"""
    auth_error = (
        200,
        b'{"success":false,"error":{"code":101,"type":"invalid_access_key","info":"You have not supplied a valid API Access Key."}}',
    )
    empty = (200, b'{"success":false,"error":{"code":106,"info":"Your query did not return any results. Please try again."}}')
    stranger = "USD-ZZZ"
    says_unlisted = True

    def answer(self, request: Request, market: Market) -> Answer:
        assert request.query["access_key"] == "secret"
        codes = request.query["currencies"].split(",")
        if "ZZZ" in codes:
            return 200, b'{"success":false,"error":{"code":202,"info":"You have provided one or more invalid Currency Codes."}}'
        if request.path == "/live":
            told = {f"USD{code}": market.price(f"USD-{code}") for code in codes}
            rates = {name: float(price) for name, (price, _) in told.items()}
            at_ns = max(at_ns for _, at_ns in told.values())
            return 200, json.dumps({"success": True, "timestamp": at_ns // SECOND_NS, "source": "USD", "quotes": rates}).encode()
        return 200, json.dumps(
            {"success": True, "timeframe": True, "source": "USD", "quotes": self._days(request.query, codes, market)}
        ).encode()

    def _days(self, query: Mapping[str, str], codes: list[str], market: Market) -> object:
        quotes: dict[str, dict[str, float]] = {}
        first_ns, last_ns = day_ns(query["start_date"]), day_ns(query["end_date"])
        for code in codes:
            for candle in market.candles(f"USD-{code}", Timeframe.D1, first_ns - DAY_NS, last_ns + DAY_NS):
                if first_ns <= candle.close_ns <= last_ns + DAY_NS:
                    quotes.setdefault(date_of(candle.close_ns), {})[f"USD{code}"] = float(candle.close)
        return quotes

    def seen(self, candle: Candle) -> tuple[str, str, str, str]:
        """What is left of a candle."""
        return (candle.close,) * 4

    def recorded(self) -> Iterable[tuple[str, Timeframe, bytes]]:
        return [("USD-GBP", Timeframe.D1, DOCUMENTED)]

    def ticks(self, market: Market, symbol: str) -> object:
        price, at_ns = market.price(symbol)
        return "quote", str(float(price)), str(float(price)), at_ns
