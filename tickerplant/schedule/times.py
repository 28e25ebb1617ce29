"""When a job is due: cron expressions on the clock of a time zone. Pure.

A time that clocks skip in spring is taken with the offset before the change (02:30 becomes 03:30); one that they repeat in autumn is taken once, the
first time. So a daily job runs once on every day.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter


def next_after(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first time of the expression later than `after`, in UTC."""
    times = croniter(
        cron, after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    )  # repeated hours lie behind the clock's own time
    while True:
        at = _placed(times.get_next(datetime), zone)
        if at > after:
            return at


def latest_at(cron: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The last time of the expression that is not later than `now`, in UTC."""
    times = croniter(cron, now.astimezone(zone).replace(tzinfo=None) + timedelta(days=1))
    while True:
        at = _placed(times.get_prev(datetime), zone)
        if at <= now:
            return at


def _placed(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
