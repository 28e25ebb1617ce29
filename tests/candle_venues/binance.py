"""Binance's klines, as documented: the first 1,000 of a time, the oldest first."""

from schemas.timeframes import SECOND_NS, Timeframe
from tests.candle_venues.venue import CandleVenue, candles, ok, turnover
from tests.poll_server import Answer, Market, Request

_MS_NS = SECOND_NS // 1_000
_NAMES = {"BTCUSDT": "BTC-USDT", "ETHUSDT": "ETH-USDT"}


class Binance(CandleVenue):
    name = "binance"
    symbols = ("BTC-USDT", "ETH-USDT")
    pages = 3
    quote_volume = trade_count = True

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path == "/api/v3/exchangeInfo":
            names = [(name, *symbol.split("-")) for name, symbol in _NAMES.items()]
            return ok(
                {"symbols": [{"symbol": name, "status": "TRADING", "baseAsset": base, "quoteAsset": quote} for name, base, quote in names]}
            )
        from_ms, to_ms, limit = (int(request.query[name]) for name in ("startTime", "endTime", "limit"))
        timeframe = Timeframe(request.query["interval"])
        found = candles(market, _NAMES[request.query["symbol"]], timeframe, from_ms * _MS_NS, to_ms * _MS_NS + 1)
        rows = [
            [
                one.open_ns // _MS_NS,
                one.open,
                one.high,
                one.low,
                one.close,
                one.volume,
                one.close_ns // _MS_NS - 1,
                turnover(one),
                9,
                "0",
                "0",
                "0",
            ]
            for one in found
        ]
        return ok(rows[: min(limit, 1_000)])

    def broken(self) -> bytes:
        return b'[[1704898800000,null,"1","1","1","1",1704898859999,"1",1,"0","0","0"]]'
