"""Kraken's candles, as documented: the newest 720, whatever is asked for, the last one still running."""

from ingestors.kraken.bars import MINUTES
from schemas.timeframes import Timeframe
from tests.candle_venues.venue import CandleVenue, newest, ok, seconds, traded
from tests.poll_server import Answer, Candle, Market, Request

_PAIRS = {"XXBTZUSD": ("BTC-USD", "XBT/USD"), "ADAEUR": ("ADA-EUR", "ADA/EUR")}
_TIMEFRAMES = {str(minutes): timeframe for timeframe, minutes in MINUTES.items()}


class Kraken(CandleVenue):
    name = "kraken"
    symbols = ("BTC-USD", "ADA-EUR")
    pages = 1
    newest = 720
    quote_volume = trade_count = flat = True

    def answer(self, request: Request, market: Market) -> Answer:
        if request.path == "/0/public/AssetPairs":
            rows = {name: {"wsname": stream, "pair_decimals": 1, "lot_decimals": 8} for name, (_, stream) in _PAIRS.items()}
            return ok({"error": [], "result": rows})
        assert request.path == "/0/public/OHLC"
        timeframe, name = _TIMEFRAMES[request.query["interval"]], request.query["pair"]
        found = newest(market, _PAIRS[name][0], timeframe, 720)
        return ok({"error": [], "result": {name: [_row(one, timeframe) for one in found], "last": seconds(found[-2])}})

    def broken(self) -> bytes:
        return b'{"error":[],"result":{"XXBTZUSD":[[1704898800,null,"1","1","1","1","1",1]],"last":1704898740}}'


class KrakenV1(Kraken):
    name = "kraken-v1"


def _row(candle: Candle, timeframe: Timeframe) -> list[object]:
    if not traded(candle, timeframe):
        return [seconds(candle), *[candle.open] * 4, "0.0", "0.00000000", 0]
    return [seconds(candle), candle.open, candle.high, candle.low, candle.close, "100", candle.volume, 9]
