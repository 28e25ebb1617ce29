"""Metrics of a data set against series whose holes are known."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from history.dataset import Missing, measured, nothing
from schemas.sessions import calendar_of
from schemas.timeframes import DAY_NS, HOUR_NS, MINUTE_NS, Timeframe

START_NS = int(datetime(2024, 8, 8, tzinfo=UTC).timestamp()) * 1_000_000_000


def bars(opens_ns: list[int], length_ns: int = MINUTE_NS, **columns: object) -> pd.DataFrame:
    index = pd.to_datetime(opens_ns, utc=True).rename("timestamp")
    values = {"low": 9.0, "high": 11.0, "vwap": 10.0, "volume": 1.0, "kind": "final", "quality": 1.0, "reasons": "", **columns}
    return pd.DataFrame({**values, "close_time": index + pd.Timedelta(length_ns)}, index=index)


def test_crypto_minutes_with_two_holes() -> None:
    present = [minute for minute in range(60) if minute not in (5, 20, 21, 22)]
    frame = bars([START_NS + minute * MINUTE_NS for minute in present], quality=[0.5] + [1.0] * 55, reasons=["late"] + [""] * 55)
    found = measured(frame, calendar_of("crypto"), Timeframe.M1, START_NS, START_NS + HOUR_NS, START_NS + 2 * HOUR_NS)
    assert (found.expected, found.stored, found.marked) == (60, 56, 1)
    assert found.completeness == pytest.approx(56 / 60, abs=1e-6)
    assert found.accuracy == pytest.approx(55.5 / 56, abs=1e-6)
    assert found.consistency == 1
    assert found.freshness_s == 3600
    assert found.missing == (
        Missing(START_NS + 5 * MINUTE_NS, START_NS + 6 * MINUTE_NS, 1),
        Missing(START_NS + 20 * MINUTE_NS, START_NS + 23 * MINUTE_NS, 3),
    )


def test_ends_of_the_range_are_missing_too_and_the_future_is_not() -> None:
    frame = bars([START_NS + 30 * MINUTE_NS])
    found = measured(frame, calendar_of("crypto"), Timeframe.M1, START_NS + 1, START_NS + DAY_NS, START_NS + HOUR_NS)
    assert found.expected == 59  # the minute that had begun before the range is not of it
    assert [one.bars for one in found.missing] == [29, 29]


def test_a_year_of_minutes_is_counted_exactly() -> None:
    end_ns = START_NS + 365 * DAY_NS
    found = measured(bars([START_NS, end_ns - MINUTE_NS]), calendar_of("crypto"), Timeframe.M1, START_NS, end_ns, end_ns)
    assert found.expected == 525_600
    assert found.missing == (Missing(START_NS + MINUTE_NS, end_ns - MINUTE_NS, 525_598),)


def test_an_equity_misses_nothing_at_night_and_on_weekends() -> None:
    friday_ns = int(datetime(2024, 8, 9, 13, 30, tzinfo=UTC).timestamp()) * 1_000_000_000
    monday_ns = friday_ns + 3 * DAY_NS
    minutes = [day + minute * MINUTE_NS for day in (friday_ns, monday_ns) for minute in range(390)]
    calendar = calendar_of("equity")
    whole = measured(bars(minutes), calendar, Timeframe.M1, friday_ns, monday_ns + DAY_NS - HOUR_NS, monday_ns + DAY_NS - HOUR_NS)
    assert (whole.expected, whole.completeness, whole.missing, whole.freshness_s) == (780, 1, (), 0)
    holed = measured(bars([*minutes[:389], *minutes[391:]]), calendar, Timeframe.M1, friday_ns, monday_ns + DAY_NS, monday_ns + DAY_NS)
    assert [one.bars for one in holed.missing] == [2]  # Friday's last and Monday's first
    days = measured(bars([friday_ns], 390 * MINUTE_NS), calendar, Timeframe.D1, START_NS, monday_ns + HOUR_NS * 8, monday_ns + HOUR_NS * 8)
    assert (days.expected, days.completeness) == (3, pytest.approx(1 / 3, abs=1e-6))


def test_what_contradicts_itself_is_not_consistent() -> None:
    opens = [START_NS, START_NS + MINUTE_NS, START_NS + 2 * MINUTE_NS + 1, START_NS + 3 * MINUTE_NS]
    frame = bars(opens, vwap=[10.0, 12.0, 10.0, 10.0], kind=["final", "final", "final", "incomplete"])
    found = measured(frame, calendar_of("crypto"), Timeframe.M1, START_NS, START_NS + 4 * MINUTE_NS, START_NS + HOUR_NS)
    assert found.consistency == 0.25
    assert found.missing == (Missing(opens[0] + 2 * MINUTE_NS, opens[0] + 3 * MINUTE_NS, 1),)


def test_a_hole_that_a_gap_explains_is_lost() -> None:
    frame = bars([START_NS + minute * MINUTE_NS for minute in range(60) if minute not in (5, 20)])
    gap = (START_NS + 20 * MINUTE_NS + 1, START_NS + 20 * MINUTE_NS + 2)
    found = measured(frame, calendar_of("crypto"), Timeframe.M1, START_NS, START_NS + HOUR_NS, START_NS + HOUR_NS, [gap])
    assert ([one.lost for one in found.missing], found.gaps) == ([False, True], 1)


def test_a_range_without_bars_is_incomplete() -> None:
    found = measured(nothing(), calendar_of("crypto"), Timeframe.H1, START_NS, START_NS + DAY_NS, START_NS + DAY_NS)
    assert (found.expected, found.stored, found.completeness, found.accuracy, found.consistency) == (24, 0, 0.0, 0.0, 0.0)
    assert (found.freshness_s, found.marked) == (None, 0)
    assert found.missing == (Missing(START_NS, START_NS + DAY_NS, 24),)


def test_hours_that_begin_with_the_session_are_expected_there() -> None:
    """2024-08-08 is a Thursday: New York trades from 13:30 to 20:00 UTC."""
    opening_ns = START_NS + 13 * HOUR_NS + 30 * MINUTE_NS
    frame = bars([opening_ns + hour * HOUR_NS for hour in (0, 1, 3, 4, 5)], HOUR_NS)
    found = measured(frame, calendar_of("equity"), Timeframe.H1, START_NS, START_NS + DAY_NS, START_NS + DAY_NS)
    assert (found.expected, found.stored, found.consistency) == (7, 5, 1.0)
    assert [one.from_ns for one in found.missing] == [opening_ns + 2 * HOUR_NS, opening_ns + 6 * HOUR_NS]
    later = measured(frame, calendar_of("equity"), Timeframe.H1, opening_ns + 1, START_NS + DAY_NS, START_NS + DAY_NS)
    assert later.expected == 6
