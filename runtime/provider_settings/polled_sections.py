"""Sections of the polled providers, a field each."""

from runtime.provider_settings.alpha_vantage import AlphaVantageSettings
from runtime.provider_settings.fmp import FmpSettings
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
