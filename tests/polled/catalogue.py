"""The dialects of all polled providers."""

from tests.poll_server import Polled
from tests.polled.alpha_vantage import AlphaVantage
from tests.polled.coingecko import CoinGecko
from tests.polled.cryptocompare import CryptoCompare
from tests.polled.currencylayer import CurrencyLayer
from tests.polled.fmp import Fmp
from tests.polled.quandl import Quandl
from tests.polled.tiingo_rest import Tiingo
from tests.polled.twelve_data_rest import TwelveData
from tests.polled.yahoo import Yahoo

POLLED: tuple[type[Polled], ...] = (Quandl, CurrencyLayer, CoinGecko, CryptoCompare, Tiingo, AlphaVantage, Fmp, TwelveData, Yahoo)
