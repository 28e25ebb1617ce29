"""Settings of the Yahoo ingestor."""

from pydantic import Field

from runtime.settings.providers.polled import PollSettings
from runtime.settings.providers.shared import SOURCE


class YahooSettings(PollSettings):
    """Yahoo Finance, which has no official interface: bars of equities, indices, FX and crypto."""

    symbols: tuple[str, ...] = Field(
        ("AAPL", "MSFT"), min_length=1, max_length=5_000, description="canonical names, as AAPL, EUR-USD or I.SPX"
    )
    rest_url: str = Field("https://query2.finance.yahoo.com", description="scheme, host and port of the REST interface")
    source: str = Field("yahoo", pattern=SOURCE, description="name of the source on every event")
    names: dict[str, str] = Field(
        {"I.SPX": "^GSPC"},
        description="its names of symbols that it writes in a way of its own, as those of indices and of shares outside the USA",
    )
