"""What every provider can be told that is asked at intervals."""

from pydantic import Field, SecretStr

from runtime.sections import Section
from runtime.settings.providers.shared import SOURCE
from schemas.sources import DEFAULT_PRIORITY
from schemas.timeframes import Timeframe


class PollSettings(Section):
    """What every polled provider can be told. Canonical symbols: `BTC-USD`, `EUR-USD`, `AAPL`."""

    symbols: tuple[str, ...] = Field((), min_length=1, max_length=5_000, description="canonical names, as AAPL or EUR-USD")
    names: dict[str, str] = Field(
        default_factory=dict, description="the provider's names of symbols that it writes in a way of its own, as those of indices"
    )
    rest_url: str = Field("", description="scheme, host and port of the REST interface")
    source: str = Field("", pattern=SOURCE, description="name of the source on every event")
    priority: int = Field(
        DEFAULT_PRIORITY,
        ge=0,
        le=1_000,
        description="place among the sources of a symbol, the lowest is preferred as its primary one; `tickerplant sources priority` stands above it",
    )
    poll_interval_s: float = Field(
        60.0, ge=0.05, le=86_400, description="quotes and trades are asked for so often while the market is open"
    )
    ticks_delay_s: float = Field(
        5.0, ge=0, le=86_400, description="the provider's newest quotes are at most so old: event time is held so far behind the present"
    )
    timeframes: tuple[Timeframe, ...] = Field((Timeframe.M1, Timeframe.D1), description="bars that are asked for when they have closed")
    bars_delay_s: float = Field(20.0, ge=0, le=3_600, description="so long after its close a bar is asked for: it is not final before")
    first_bars: int = Field(100, ge=1, le=10_000, description="of a new series so many bars are published, the newest ones")
    gap_after_s: float = Field(180.0, ge=0.05, le=86_400, description="a symbol whose questions fail for so long is told as a gap")
    parallel_calls: int = Field(4, ge=1, le=64, description="questions at the same time")


class KeyedPollSettings(PollSettings):
    """The same for a provider that wants a key."""

    api_key: SecretStr | None = Field(None, description="the provider's key; without it the provider does not start")
