"""Sections of the crypto venues beside Binance and Coinbase, a field each."""

from runtime.provider_settings.bitfinex import BitfinexSettings
from runtime.provider_settings.coinbase_advanced import CoinbaseAdvancedSettings
from runtime.provider_settings.htx import HtxSettings
from runtime.provider_settings.kraken import KrakenSettings
from runtime.provider_settings.kraken_v1 import KrakenV1Settings
from runtime.provider_settings.kucoin import KucoinSettings
from runtime.sections import Section


class CryptoSections(Section):
    """A provider's field is its name with underscores."""

    kraken: KrakenSettings = KrakenSettings()
    bitfinex: BitfinexSettings = BitfinexSettings()
    kucoin: KucoinSettings = KucoinSettings()
    htx: HtxSettings = HtxSettings()
    coinbase_advanced: CoinbaseAdvancedSettings = CoinbaseAdvancedSettings()
    kraken_v1: KrakenV1Settings = KrakenV1Settings()
