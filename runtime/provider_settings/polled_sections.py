"""Sections of the polled providers, a field each."""

from runtime.provider_settings.alpha_vantage import AlphaVantageSettings
from runtime.provider_settings.coingecko import CoinGeckoSettings
from runtime.provider_settings.cryptocompare import CryptoCompareSettings
from runtime.provider_settings.csv_drop import CsvDropSettings
from runtime.provider_settings.currencylayer import CurrencyLayerSettings
from runtime.provider_settings.fmp import FmpSettings
from runtime.provider_settings.quandl import QuandlSettings
from runtime.provider_settings.tiingo_rest import TiingoRestSettings
from runtime.provider_settings.twelve_data_rest import TwelveDataRestSettings
from runtime.provider_settings.yahoo import YahooSettings
from runtime.sections import Section


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
