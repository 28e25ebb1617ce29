"""Settings of the scheduled jobs."""

from typing import Annotated

from pydantic import AfterValidator, Field

from runtime.forms import cron_or_never, zone_name
from runtime.sections import Section
from schemas.timeframes import Timeframe


class BackfillOrder(Section):
    """One daily backfill, of the day before."""

    provider: str = Field(description="as `tickerplant backfill` takes it")
    symbols: tuple[str, ...] = Field((), max_length=5_000, description="canonical names; none: those of the provider's settings")
    timeframe: Timeframe | None = Field(None, description="of bars; none: trades where the provider has them, else bars of 1d")


class ScheduleSettings(Section):
    """`tickerplant schedule run`: what it does when."""

    time_zone: Annotated[str, AfterValidator(zone_name)] = Field(
        "UTC", description="in which the times of jobs are meant, as America/New_York"
    )
    jobs: dict[str, Annotated[str, AfterValidator(cron_or_never)]] = Field(
        default_factory=dict,
        description='cron expression by job, in place of what `tickerplant schedule list` shows, as `cleanup = "0 4 * * *"`; empty: never',
    )
    backfills: tuple[BackfillOrder, ...] = Field((), max_length=100, description="what the job daily-backfill fetches")
    retries: int = Field(3, ge=0, le=20, description="so often is a job that failed started again, later each time")
    retry_after_s: float = Field(30.0, ge=0, le=3600, description="before the first of them; it doubles, up to an hour")
    timeout_s: float = Field(14_400.0, gt=0, le=604_800, description="a job that runs for longer is ended, and has failed")
    keep_days: int = Field(180, ge=1, le=36_500, description="so long is the history of runs kept")
