"""Sections of the providers that push equities, currencies and indices, a field each."""

from runtime.provider_settings.finnhub import FinnhubSettings
from runtime.provider_settings.oanda import OandaSettings
from runtime.provider_settings.polygon import PolygonSettings
from runtime.provider_settings.tiingo_iex import TiingoIexSettings
from runtime.provider_settings.twelve_data_stream import TwelveDataStreamSettings
from runtime.sections import Section


class MarketSections(Section):
    """A provider's field is its name with underscores."""

    finnhub: FinnhubSettings = FinnhubSettings()
    oanda: OandaSettings = OandaSettings()
    polygon: PolygonSettings = PolygonSettings()
    tiingo_iex: TiingoIexSettings = TiingoIexSettings()
    twelve_data_stream: TwelveDataStreamSettings = TwelveDataStreamSettings()
