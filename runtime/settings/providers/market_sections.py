"""Sections of the providers that push equities, currencies and indices, a field each."""

from runtime.sections import Section
from runtime.settings.providers.finnhub import FinnhubSettings
from runtime.settings.providers.oanda import OandaSettings
from runtime.settings.providers.polygon import PolygonSettings
from runtime.settings.providers.tiingo_iex import TiingoIexSettings
from runtime.settings.providers.twelve_data_stream import TwelveDataStreamSettings


class MarketSections(Section):
    """A provider's field is its name with underscores."""

    finnhub: FinnhubSettings = FinnhubSettings()
    oanda: OandaSettings = OandaSettings()
    polygon: PolygonSettings = PolygonSettings()
    tiingo_iex: TiingoIexSettings = TiingoIexSettings()
    twelve_data_stream: TwelveDataStreamSettings = TwelveDataStreamSettings()
