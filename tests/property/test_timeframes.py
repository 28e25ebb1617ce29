"""Intervals hold their times, tile the time line and nest."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.timeframes import DAY_NS, MINUTE_NS, SECOND_NS, Timeframe, interval_of

TIMES = st.integers(0, 4_102_444_800 * SECOND_NS)  # 1970 to 2100


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_NS


@given(TIMES, st.sampled_from(Timeframe))
def test_interval_holds_its_time_and_the_next_begins_at_its_end(ts_ns: int, timeframe: Timeframe) -> None:
    start, end = interval_of(timeframe, ts_ns)
    assert start <= ts_ns < end
    assert interval_of(timeframe, end)[0] == end
    assert interval_of(timeframe, start) == (start, end)


@given(TIMES, st.sampled_from([t for t in Timeframe if t is not Timeframe.M1]))
def test_every_interval_is_made_of_whole_minutes(ts_ns: int, timeframe: Timeframe) -> None:
    start, end = interval_of(timeframe, ts_ns)
    minute_start, minute_end = interval_of(Timeframe.M1, ts_ns)
    assert start <= minute_start < minute_end <= end
    assert (end - start) % MINUTE_NS == 0


@pytest.mark.parametrize(
    ("timeframe", "at", "start", "end"),
    [
        (Timeframe.W1, "2024-08-08T23:54", "2024-08-05", "2024-08-12"),
        (Timeframe.MN1, "2024-12-31T23:59", "2024-12-01", "2025-01-01"),
        (Timeframe.MN1, "2024-02-29T12:00", "2024-02-01", "2024-03-01"),
        (Timeframe.H4, "2024-08-08T23:54", "2024-08-08T20:00", "2024-08-09"),
        (Timeframe.D1, "2024-08-09T00:00", "2024-08-09", "2024-08-10"),
    ],
)
def test_known_intervals(timeframe: Timeframe, at: str, start: str, end: str) -> None:
    assert interval_of(timeframe, ns(at)) == (ns(start), ns(end))


def test_two_days_count_from_1970() -> None:
    assert interval_of(Timeframe.D2, 3 * DAY_NS) == (2 * DAY_NS, 4 * DAY_NS)
