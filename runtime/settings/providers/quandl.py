"""Settings of the Quandl (Nasdaq Data Link) ingestor."""

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE
from schemas.timeframes import Timeframe


class QuandlSettings(KeyedPollSettings):
    """Quandl, today Nasdaq Data Link: daily series of datasets."""

    symbols: tuple[str, ...] = Field(("AAPL",), min_length=1, max_length=5_000, description="canonical names, as AAPL")
    rest_url: str = Field("https://data.nasdaq.com", description="scheme, host and port of the REST interface")
    source: str = Field("quandl", pattern=SOURCE, description="name of the source on every event")
    timeframes: tuple[Timeframe, ...] = Field((Timeframe.D1,), description="bars that are asked for when they have closed")
    bars_delay_s: float = Field(3_600.0, ge=0, le=86_400, description="so long after its close a bar is asked for: datasets come late")
    database: str = Field("EOD", max_length=64, description="whose dataset of the symbol's own name is asked for")
    datasets: dict[str, str] = Field(
        default_factory=dict, description="datasets by symbol where they are named otherwise, as `CHRIS/CME_ES1`"
    )
