"""The dialects of the crypto venues beside Binance and Coinbase."""

from tests.venue_server import Dialect
from tests.venues.bitfinex import Bitfinex
from tests.venues.htx import Htx
from tests.venues.kraken import Kraken
from tests.venues.kucoin import Kucoin

CRYPTO: tuple[type[Dialect], ...] = (Kraken, Bitfinex, Kucoin, Htx)
