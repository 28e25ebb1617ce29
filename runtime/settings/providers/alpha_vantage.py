"""Settings of the Alpha Vantage ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE
from schemas.timeframes import Timeframe


class AlphaVantageSettings(KeyedPollSettings):
    """Alpha Vantage: bars of equities and FX, and the newest rates of FX. The defaults ask seldom: a free key has few calls a day."""

    symbols: tuple[str, ...] = Field(("AAPL", "EUR-USD"), min_length=1, max_length=5_000, description="canonical names, as AAPL or EUR-USD")
    rest_url: str = Field("https://www.alphavantage.co", description="scheme, host and port of the REST interface")
    source: str = Field("alpha-vantage", pattern=SOURCE, description="name of the source on every event")
    poll_interval_s: float = Field(900.0, ge=0.05, le=86_400, description="rates of FX are asked for so often while the market is open")
    timeframes: tuple[Timeframe, ...] = Field((Timeframe.D1,), description="bars that are asked for when they have closed")
    labels: Literal["start", "end"] = Field("start", description="whether its times within a day are those of a bar's start or of its end")
