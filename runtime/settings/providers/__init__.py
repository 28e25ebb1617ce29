"""Settings of the providers, a file each with the provider's name; a section each: `[providers.NAME]` (binance stands by itself)."""

from runtime.settings.providers.binance import BinanceSettings
from runtime.settings.providers.coinbase import CoinbaseSettings
from runtime.settings.providers.crypto_sections import CryptoSections
from runtime.settings.providers.market_sections import MarketSections
from runtime.settings.providers.polled_sections import PolledSections
from runtime.settings.providers.shared import SOURCE, StreamSettings

__all__ = ["SOURCE", "BinanceSettings", "CoinbaseSettings", "ProvidersSettings", "StreamSettings"]


class ProvidersSettings(CryptoSections, MarketSections, PolledSections):
    """The providers beside Binance, one subsection each."""

    coinbase: CoinbaseSettings = CoinbaseSettings()
