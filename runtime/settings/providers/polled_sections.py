"""Sections of the polled providers, a field each."""

from runtime.sections import Section
from runtime.settings.providers.alpha_vantage import AlphaVantageSettings
from runtime.settings.providers.coingecko import CoinGeckoSettings
from runtime.settings.providers.cryptocompare import CryptoCompareSettings
from runtime.settings.providers.csv_drop import CsvDropSettings
from runtime.settings.providers.currencylayer import CurrencyLayerSettings
from runtime.settings.providers.fmp import FmpSettings
from runtime.settings.providers.quandl import QuandlSettings
from runtime.settings.providers.tiingo_rest import TiingoRestSettings
from runtime.settings.providers.twelve_data_rest import TwelveDataRestSettings
from runtime.settings.providers.yahoo import YahooSettings


class PolledSections(Section):
    """A provider's field is its name with underscores."""

    yahoo: YahooSettings = YahooSettings()
    fmp: FmpSettings = FmpSettings()
    twelve_data_rest: TwelveDataRestSettings = TwelveDataRestSettings()
    alpha_vantage: AlphaVantageSettings = AlphaVantageSettings()
    tiingo_rest: TiingoRestSettings = TiingoRestSettings()
    cryptocompare: CryptoCompareSettings = CryptoCompareSettings()
    coingecko: CoinGeckoSettings = CoinGeckoSettings()
    currencylayer: CurrencyLayerSettings = CurrencyLayerSettings()
    quandl: QuandlSettings = QuandlSettings()
    csv_drop: CsvDropSettings = CsvDropSettings()
