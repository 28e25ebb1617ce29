"""The dialects of the crypto venues beside Binance and Coinbase."""

from tests.dialect import Dialect
from tests.venues.bitfinex import Bitfinex
from tests.venues.coinbase_advanced import CoinbaseAdvanced
from tests.venues.htx import Htx
from tests.venues.kraken import Kraken
from tests.venues.kraken_v1 import KrakenV1
from tests.venues.kucoin import Kucoin

CRYPTO: tuple[type[Dialect], ...] = (Kraken, Bitfinex, Kucoin, Htx, CoinbaseAdvanced, KrakenV1)
