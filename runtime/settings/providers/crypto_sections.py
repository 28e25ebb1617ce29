"""Sections of the crypto venues beside Binance and Coinbase, a field each."""

from runtime.sections import Section
from runtime.settings.providers.bitfinex import BitfinexSettings
from runtime.settings.providers.coinbase_advanced import CoinbaseAdvancedSettings
from runtime.settings.providers.htx import HtxSettings
from runtime.settings.providers.kraken import KrakenSettings
from runtime.settings.providers.kraken_v1 import KrakenV1Settings
from runtime.settings.providers.kucoin import KucoinSettings


class CryptoSections(Section):
    """A provider's field is its name with underscores."""

    kraken: KrakenSettings = KrakenSettings()
    bitfinex: BitfinexSettings = BitfinexSettings()
    kucoin: KucoinSettings = KucoinSettings()
    htx: HtxSettings = HtxSettings()
    coinbase_advanced: CoinbaseAdvancedSettings = CoinbaseAdvancedSettings()
    kraken_v1: KrakenV1Settings = KrakenV1Settings()
