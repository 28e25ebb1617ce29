"""Settings of the Financial Modeling Prep ingestor."""

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE


class FmpSettings(KeyedPollSettings):
    """Financial Modeling Prep: bars of equities, indices, FX and crypto."""

    symbols: tuple[str, ...] = Field(
        ("AAPL", "MSFT"), min_length=1, max_length=5_000, description="canonical names, as AAPL, EUR-USD or I.SPX"
    )
    rest_url: str = Field("https://financialmodelingprep.com", description="scheme, host and port of the REST interface")
    source: str = Field("fmp", pattern=SOURCE, description="name of the source on every event")
    names: dict[str, str] = Field(
        {"I.SPX": "^GSPC"},
        description="its names of symbols that it writes in a way of its own, as those of indices",
    )
    time_zone: str = Field("America/New_York", max_length=64, description="whose clock its times within a day are of")
