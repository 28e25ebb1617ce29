"""Settings of the CurrencyLayer ingestor."""

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE
from schemas.timeframes import Timeframe


class CurrencyLayerSettings(KeyedPollSettings):
    """CurrencyLayer: midpoint rates of FX."""

    symbols: tuple[str, ...] = Field(("EUR-USD", "USD-JPY"), min_length=1, max_length=5_000, description="canonical names, as EUR-USD")
    rest_url: str = Field("https://api.currencylayer.com", description="scheme, host and port of the REST interface")
    source: str = Field("currencylayer", pattern=SOURCE, description="name of the source on every event")
    poll_interval_s: float = Field(
        3_600.0, ge=0.05, le=86_400, description="rates are asked for so often; free plans change them once a day"
    )
    ticks_delay_s: float = Field(
        3_600.0, ge=0, le=86_400, description="its newest rates are at most so old: event time is held so far behind"
    )
    timeframes: tuple[Timeframe, ...] = Field((Timeframe.D1,), description="bars that are asked for when they have closed")
