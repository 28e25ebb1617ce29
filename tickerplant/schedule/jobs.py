"""The jobs that there are, as data: what each does, when by default, and the commands that it is on a given occasion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runtime.settings import Settings

Words = tuple[str, ...]  # of one command of ours, without the program
_MOST_DAYS = 30  # of a backfill that makes up for days without a runner


@dataclass(frozen=True, slots=True)
class Occasion:
    """due_at: when the job was meant to run; last_at: when the run that last succeeded was meant to, None before the first."""

    due_at: datetime
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """cron: the default. commands: one after the other, and the next only if the one before was good. idle: why there is nothing to do, "" if there is."""

    name: str
    does: str
    cron: str
    commands: Callable[[Settings, Occasion], list[Words]]
    idle: Callable[[Settings], str]


def _backfill(settings: Settings, occasion: Occasion) -> list[Words]:
    """Of the days since the last time, up to the midnight before it is due (UTC, as days of the tables are)."""
    to = occasion.due_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = to - timedelta(days=1)
    if occasion.last_at is not None:
        begin = min(begin, occasion.last_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    begin = max(begin, to - timedelta(days=_MOST_DAYS))
    return [
        (
            "backfill",
            order.provider,
            *(("--symbols", ",".join(order.symbols)) if order.symbols else ()),
            *(("--timeframe", order.timeframe.value) if order.timeframe else ()),
            *("--from", f"{begin:%Y-%m-%d}", "--to", f"{to:%Y-%m-%d}"),
        )
        for order in settings.schedule.backfills
    ]


JOBS: dict[str, Job] = {
    job.name: job
    for job in (
        Job(
            "daily-backfill",
            "trades or bars of the day before, and of the days that were missed",
            "30 0 * * *",
            _backfill,
            lambda settings: "" if settings.schedule.backfills else "schedule.backfills is empty",
        ),
        Job(
            "cleanup",
            "rows that are older than [storage] keeps are deleted",
            "0 2 * * *",
            lambda settings, occasion: [("retention",)],
            lambda settings: "" if settings.storage.retention else "storage.retention is off",
        ),
        Job(
            "repair",
            "late rows become part of compressed chunks (TimescaleDB)",
            "30 2 * * *",
            lambda settings, occasion: [("repair",)],
            lambda settings: "",
        ),
    )
}

# Jobs of the requirements that are none here, and why: nothing pretends to run.
LEFT_OUT: dict[str, str] = {
    "market data, every 5 min": "ingestors do it by themselves, at their own pace",
    "quotes, every minute": "the same",
    "indices, every 2 min": "the ingestors of yahoo and fmp ask for the bars of indices (`I.SPX`) at their own pace",
    "sentiment, every 5 min": "there is no source of sentiment",
    "cache warming, every 6 h": "the sink keeps the cache filled, also of a Redis that comes back empty; what services put there they load themselves",
}


def cron_of(job: Job, settings: Settings) -> str:
    """When it runs; "" for never."""
    return settings.schedule.jobs.get(job.name, job.cron)


def active(settings: Settings) -> Mapping[str, Job]:
    """The jobs that run by themselves."""
    return {name: job for name, job in JOBS.items() if cron_of(job, settings) and not job.idle(settings)}


def unknown(settings: Settings) -> list[str]:
    """Names in the settings that are no job."""
    return sorted(set(settings.schedule.jobs) - set(JOBS))


def zone_of(settings: Settings) -> ZoneInfo:
    return ZoneInfo(settings.schedule.time_zone)
