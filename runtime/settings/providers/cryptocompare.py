"""Settings of the CryptoCompare ingestor."""

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE
from schemas.timeframes import Timeframe


class CryptoCompareSettings(KeyedPollSettings):
    """CryptoCompare (CoinDesk Data): bars of crypto, averaged over exchanges or of one of them."""

    symbols: tuple[str, ...] = Field(("BTC-USD", "ETH-USD"), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    rest_url: str = Field("https://min-api.cryptocompare.com", description="scheme, host and port of the REST interface")
    source: str = Field("cryptocompare", pattern=SOURCE, description="name of the source on every event")
    timeframes: tuple[Timeframe, ...] = Field((Timeframe.M1, Timeframe.D1), description="bars that are asked for when they have closed")
    exchange: str = Field("CCCAGG", max_length=64, description="whose prices, as Coinbase; CCCAGG: its average of all")
