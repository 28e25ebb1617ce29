"""Settings of the ingestor of Twelve Data's REST interface."""

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE


class TwelveDataRestSettings(KeyedPollSettings):
    """Twelve Data, asked at intervals: bars of equities, indices, FX and crypto."""

    symbols: tuple[str, ...] = Field(("AAPL", "MSFT"), min_length=1, max_length=5_000, description="canonical names, as AAPL or EUR-USD")
    rest_url: str = Field("https://api.twelvedata.com", description="scheme, host and port of the REST interface")
    source: str = Field("twelve-data-rest", pattern=SOURCE, description="name of the source on every event")
