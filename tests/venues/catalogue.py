"""The dialects of all streaming providers that are registered."""

from tests.dialect import Dialect
from tests.venues.binance import Binance
from tests.venues.coinbase import Coinbase
from tests.venues.crypto import CRYPTO
from tests.venues.markets import MARKETS

STREAMED: tuple[type[Dialect], ...] = (Binance, Coinbase, *CRYPTO, *MARKETS)
