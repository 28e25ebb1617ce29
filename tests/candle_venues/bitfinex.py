"""Bitfinex's candles, as documented: numbers, the close before the high, 10,000 at most, in the order that is asked for."""

from ingestors.bitfinex.bars import TIMEFRAMES
from schemas.timeframes import SECOND_NS
from tests.candle_venues.venue import CandleVenue, candles, numbers, ok
from tests.poll_server import Answer, Market, Request

_MS_NS = SECOND_NS // 1_000
_TIMEFRAMES = {name: timeframe for timeframe, name in TIMEFRAMES.items()}
_NAMES = {"tBTCUSD": "BTC-USD", "tDUSK:USD": "DUSK-USD"}


class Bitfinex(CandleVenue):
    name = "bitfinex"
    symbols = ("BTC-USD", "DUSK-USD")
    pages = 1

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path == "/v2/conf/pub:list:pair:exchange":
            return ok([[name[1:] for name in _NAMES]])
        _, kind, name = request.path.removeprefix("/v2/candles/").removesuffix("/hist").split(":", 2)
        from_ms, to_ms, limit = (int(request.query[name]) for name in ("start", "end", "limit"))
        assert limit <= 10_000
        found = candles(market, _NAMES[name], _TIMEFRAMES[kind], from_ms * _MS_NS, to_ms * _MS_NS + 1)
        rows = [[one.open_ns // _MS_NS, *numbers((one.open, one.close, one.high, one.low, one.volume))] for one in found]
        return ok((rows if request.query["sort"] == "1" else rows[::-1])[:limit])

    def broken(self) -> bytes:
        return b"[[1704898800000,null,1,1,1,1]]"
