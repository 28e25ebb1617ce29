"""Settings of the providers, a file each with the provider's name; a section each: `[providers.NAME]` (binance stands by itself)."""

from runtime.provider_settings.binance import BinanceSettings
from runtime.provider_settings.coinbase import CoinbaseSettings
from runtime.provider_settings.crypto_sections import CryptoSections
from runtime.provider_settings.market_sections import MarketSections
from runtime.provider_settings.polled_sections import PolledSections
from runtime.provider_settings.shared import SOURCE, StreamSettings

__all__ = ["SOURCE", "BinanceSettings", "CoinbaseSettings", "ProvidersSettings", "StreamSettings"]


class ProvidersSettings(CryptoSections, MarketSections, PolledSections):
    """The providers beside Binance, one subsection each."""

    coinbase: CoinbaseSettings = CoinbaseSettings()
