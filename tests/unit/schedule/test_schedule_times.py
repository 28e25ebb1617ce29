"""When a job is due: on the clock of its zone, once a day also where clocks are changed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickerplant.schedule.times import latest_at, next_after

NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from([ZoneInfo("UTC"), NEW_YORK, ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")])
CRONS = st.sampled_from(["30 2 * * *", "*/5 * * * *", "0 */6 * * *", "15 1 * * 1-5", "0 0 1 * *", "30 1 * * 0"])
MOMENTS = st.integers(0, 10 * 365 * 86_400).map(lambda second: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=second))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def times(cron: str, zone: ZoneInfo, after: datetime, number: int) -> list[datetime]:
    found: list[datetime] = []
    while len(found) < number:
        found.append(next_after(cron, zone, found[-1] if found else after))
    return found


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2024-03-09T12:00", ["2024-03-10T07:30", "2024-03-11T06:30"]),  # 02:30 does not exist on the 10th: 03:30 EDT
        ("2024-11-02T12:00", ["2024-11-03T07:30", "2024-11-04T07:30"]),
    ],
)
def test_a_daily_job_runs_every_day_when_clocks_change(after: str, due: list[str]) -> None:
    assert times("30 2 * * *", NEW_YORK, utc(after), 2) == [utc(text) for text in due]


def test_an_hour_that_comes_twice_counts_once() -> None:
    """01:30 of 3 November is 05:30 UTC, and 06:30 again."""
    assert times("30 1 * * *", NEW_YORK, utc("2024-11-03T05:00"), 2) == [utc("2024-11-03T05:30"), utc("2024-11-04T06:30")]
    assert next_after("30 1 * * *", NEW_YORK, utc("2024-11-03T06:10")) == utc("2024-11-04T06:30")
    assert latest_at("30 1 * * *", NEW_YORK, utc("2024-11-03T06:40")) == utc("2024-11-03T05:30")


@given(cron=CRONS, zone=ZONES, moment=MOMENTS)
def test_next_and_latest_enclose_every_moment(cron: str, zone: ZoneInfo, moment: datetime) -> None:
    latest, following = latest_at(cron, zone, moment), next_after(cron, zone, moment)
    assert latest <= moment < following
    assert next_after(cron, zone, latest) == following
    assert latest_at(cron, zone, following) == following


@given(zone=ZONES, moment=MOMENTS)
def test_a_daily_job_is_never_further_than_a_day_and_a_change_away(zone: ZoneInfo, moment: datetime) -> None:
    for before, after in pairwise(times("30 2 * * *", zone, moment, 4)):
        assert timedelta(hours=22) <= after - before <= timedelta(hours=26)
