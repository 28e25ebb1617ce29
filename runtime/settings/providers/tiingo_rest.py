"""Settings of the ingestor of Tiingo's REST interface."""

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE


class TiingoRestSettings(KeyedPollSettings):
    """Tiingo, asked at intervals: bars of equities, FX and crypto, and the best bid and ask of FX and crypto."""

    symbols: tuple[str, ...] = Field(("AAPL", "EUR-USD"), min_length=1, max_length=5_000, description="canonical names, as AAPL or EUR-USD")
    rest_url: str = Field("https://api.tiingo.com", description="scheme, host and port of the REST interface")
    source: str = Field("tiingo-rest", pattern=SOURCE, description="name of the source on every event")
    iex_agreement: bool = Field(
        False, description="you have an agreement with IEX, without which its best bid and ask of equities are not given"
    )
