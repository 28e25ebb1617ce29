"""Messages as venues document them, and their parsers, for the suites of what no recording holds."""

from typing import Any

from ingestors.bitfinex.parse import Parser as Bitfinex
from ingestors.coinbase_advanced.parse import Parser as Advanced
from ingestors.htx.parse import Parser as Htx
from ingestors.kraken.parse import Parser as Kraken
from ingestors.kraken_v1.parse import Parser as KrakenV1
from ingestors.kucoin.parse import Parser as Kucoin

SYMBOLS = {"BTC/USD": "BTC-USD", "XBT/USD": "BTC-USD", "tBTCUSD": "BTC-USD", "BTC-USD": "BTC-USD", "btcusdt": "BTC-USDT"}
PARSERS: dict[str, Any] = {
    "kraken": Kraken,
    "kraken-v1": KrakenV1,
    "bitfinex": Bitfinex,
    "kucoin": Kucoin,
    "htx": Htx,
    "advanced": Advanced,
}
TIME_NS = 1696613755440295000
TRADE = (
    '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":105944.2,"qty":2.7e-4,'
    '"ord_type":"limit","trade_id":7,"timestamp":"2023-10-06T17:35:55.440295Z"}]}'
)
SUBSCRIBED = '{"event":"subscribed","channel":"%s","chanId":3,"symbol":"tBTCUSD","pair":"BTCUSD"}'
ADVANCED = '{"channel":"%s","timestamp":"2023-10-06T17:35:55.440295Z","sequence_num":%d,"events":[%s]}'


def parse(name: str, *frames: str) -> Any:
    """What the last of them comes to."""
    parser = PARSERS[name](SYMBOLS, name)
    return [parser.parse(frame.encode(), 99) for frame in frames][-1]
