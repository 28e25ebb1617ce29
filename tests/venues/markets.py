"""The dialects of the providers that push equities, currencies and indices."""

from tests.dialect import Dialect
from tests.venues.finnhub import Finnhub
from tests.venues.oanda import Oanda
from tests.venues.polygon import Polygon
from tests.venues.tiingo_iex import TiingoIex
from tests.venues.twelve_data_stream import TwelveDataStream

MARKETS: tuple[type[Dialect], ...] = (Polygon, Oanda, Finnhub, TwelveDataStream, TiingoIex)
