"""Sessions: famous days, the calendar library as oracle, and what holds for every calendar."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.sessions import Interval, bar_interval, calendar_of
from schemas.symbols import AssetClass
from schemas.timeframes import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Timeframe, interval_of
from tickerplant import calendar_files

NEW_YORK = ZoneInfo("America/New_York")
ASSET_CLASSES: tuple[AssetClass, ...] = ("crypto", "equity", "fx", "index")
TIMES_NS = st.integers(0, 2_524_000_000 * SECOND_NS)
# Days that an interval takes at most; two sessions in a row have had a week between them (September 2001).
SPANS = {Timeframe.D1: 1, Timeframe.D2: 8, Timeframe.W1: 7, Timeframe.MN1: 31}


def at(text: str) -> int:
    """New York's wall time to nanoseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()) * SECOND_NS


def told(interval: Interval | None) -> tuple[str, str] | None:
    if interval is None:
        return None
    begin, end = (datetime.fromtimestamp(ns // SECOND_NS, NEW_YORK).strftime("%Y-%m-%d %H:%M") for ns in interval)
    return begin, end


@pytest.mark.parametrize(
    ("when", "session"),
    [
        ("2024-03-08 12:00", ("2024-03-08 09:30", "2024-03-08 16:00")),  # the Friday before daylight saving
        ("2024-03-11 09:30", ("2024-03-11 09:30", "2024-03-11 16:00")),  # and the Monday after
        ("2024-03-11 09:29", None),
        ("2024-03-11 16:00", None),
        ("2024-03-09 12:00", None),  # a Saturday
        ("2001-09-11 10:00", None),  # closed from that morning to the 14th
        ("2001-09-14 10:00", None),
        ("2001-09-17 10:00", ("2001-09-17 09:30", "2001-09-17 16:00")),
        ("2012-10-29 10:00", None),  # hurricane Sandy
        ("2018-12-05 10:00", None),  # mourning for George H. W. Bush
        ("2022-06-20 10:00", None),  # Juneteenth, observed on the Monday
        ("2023-11-24 12:59", ("2023-11-24 09:30", "2023-11-24 13:00")),  # the day after Thanksgiving
        ("2023-11-24 13:00", None),
        ("2024-07-03 13:30", None),
        ("2025-01-09 10:00", None),  # mourning for James Carter
    ],
)
def test_famous_days_of_the_exchange(when: str, session: tuple[str, str] | None) -> None:
    calendar = calendar_of("equity")
    assert told(calendar.day_interval(at(when))) == session
    assert calendar.is_open(at(when)) == (session is not None)


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("2024-03-08 16:59", ("2024-03-07 17:00", "2024-03-08 17:00")),
        ("2024-03-08 17:00", None),  # the weekend
        ("2024-03-10 16:59", None),
        ("2024-03-10 17:00", ("2024-03-10 17:00", "2024-03-11 17:00")),  # Monday's day; the clocks went forward that Sunday
        ("2024-03-14 17:00", ("2024-03-14 17:00", "2024-03-15 17:00")),
        ("2024-11-03 18:00", ("2024-11-03 17:00", "2024-11-04 17:00")),  # and back
    ],
)
def test_fx_days_end_at_17_new_york(when: str, day: tuple[str, str] | None) -> None:
    assert told(calendar_of("fx").day_interval(at(when))) == day


def test_fx_closes_an_hour_earlier_in_utc_under_daylight_saving() -> None:
    ends = {calendar_of("fx").day_interval(at(f"2024-{month}-10 12:00"))[1] % DAY_NS // HOUR_NS for month in ("01", "07")}  # type: ignore[index]
    assert ends == {21, 22}


@pytest.mark.parametrize(
    ("asset_class", "timeframe", "when", "interval"),
    [
        ("equity", "1w", "2024-07-02 10:00", ("2024-07-01 09:30", "2024-07-05 16:00")),
        ("equity", "1w", "2023-11-20 10:00", ("2023-11-20 09:30", "2023-11-24 13:00")),  # ends with the early close
        ("equity", "1w", "2024-01-17 10:00", ("2024-01-16 09:30", "2024-01-19 16:00")),  # Monday was a holiday
        ("equity", "1M", "2024-03-15 10:00", ("2024-03-01 09:30", "2024-03-28 16:00")),  # ends before Good Friday
        ("equity", "1w", "2024-07-04 12:00", None),
        ("equity", "2d", "1970-01-05 10:00", ("1970-01-02 09:30", "1970-01-05 16:00")),  # the first two sessions, over a weekend
        ("fx", "1w", "2024-07-04 12:00", ("2024-06-30 17:00", "2024-07-05 17:00")),
        ("fx", "1M", "2024-06-12 12:00", ("2024-06-02 17:00", "2024-06-28 17:00")),  # 1 June was a Saturday
        ("fx", "2d", "2024-03-08 12:00", ("2024-03-07 17:00", "2024-03-08 17:00")),  # pairs of calendar days: with Saturday
        ("fx", "2d", "2024-03-12 12:00", ("2024-03-11 17:00", "2024-03-13 17:00")),
    ],
)
def test_longer_intervals(asset_class: AssetClass, timeframe: str, when: str, interval: tuple[str, str] | None) -> None:
    assert told(calendar_of(asset_class).period(Timeframe(timeframe), at(when))) == interval


@pytest.mark.parametrize(
    ("asset_class", "begin", "end", "open_minutes"),
    [
        ("equity", "2024-03-07 16:00", "2024-03-08 09:30", 0),  # a night
        ("equity", "2024-03-08 15:59", "2024-03-11 09:31", 2),  # a weekend
        ("equity", "2023-11-24 12:00", "2023-11-27 09:30", 60),  # an early close
        ("equity", "2024-03-04 00:00", "2024-03-09 00:00", 5 * 390),
        ("fx", "2024-03-08 16:50", "2024-03-10 17:05", 15),
        ("fx", "2024-03-12 00:00", "2024-03-12 12:00", 720),
        ("crypto", "2024-03-08 16:50", "2024-03-08 17:50", 60),
        ("equity", "2024-03-11 12:00", "2024-03-11 11:00", 0),  # backwards
    ],
)
def test_open_time_between(asset_class: AssetClass, begin: str, end: str, open_minutes: int) -> None:
    assert calendar_of(asset_class).open_ns_between(at(begin), at(end)) == open_minutes * MINUTE_NS


def test_the_file_is_the_librarys() -> None:
    pytest.importorskip("exchange_calendars", reason="the calendar library is a development dependency")
    assert calendar_files.FILE.read_text() == calendar_files.content(), "run `python -m tickerplant.calendar_files`"


def test_crypto_never_closes() -> None:
    calendar = calendar_of("crypto")
    when = at("2024-12-25 03:00")
    assert calendar.is_open(when)
    for timeframe in Timeframe:
        assert bar_interval(calendar, timeframe, when) == interval_of(timeframe, when)


def test_outside_the_calendars_years_all_but_crypto_is_closed() -> None:
    for when_ns in (-3 * 365 * DAY_NS, at("2055-03-09 12:00")):
        for asset_class in ("equity", "fx"):
            calendar = calendar_of(asset_class)
            assert not calendar.is_open(when_ns)
            assert calendar.day_interval(when_ns) is None
            assert calendar.open_ns_between(when_ns, when_ns + DAY_NS) == 0


@given(st.sampled_from(ASSET_CLASSES), TIMES_NS)
@example("equity", 1_351_690_200 * SECOND_NS)  # the first session after a hurricane closed the exchange for two days
@example("equity", 1_000_733_400 * SECOND_NS)  # 17 September 2001
def test_an_interval_holds_its_instant_and_lies_in_the_longer_ones(asset_class: AssetClass, ts_ns: int) -> None:
    calendar = calendar_of(asset_class)
    day = calendar.day_interval(ts_ns)
    assert (day is not None) == calendar.is_open(ts_ns)
    for timeframe in Timeframe:
        interval = bar_interval(calendar, timeframe, ts_ns)
        if interval is None:
            assert day is None
            continue
        assert interval[0] <= ts_ns < interval[1]
        if timeframe in SPANS and day:
            assert interval[0] <= day[0] < day[1] <= interval[1]
            assert interval[1] - interval[0] <= SPANS[timeframe] * DAY_NS + HOUR_NS
            assert all(calendar.period(timeframe, edge) == interval for edge in (interval[0], interval[1] - 1))


@given(st.sampled_from(ASSET_CLASSES), st.lists(TIMES_NS, min_size=3, max_size=3))
def test_open_time_adds_up(asset_class: AssetClass, times_ns: list[int]) -> None:
    calendar, (first, second, third) = calendar_of(asset_class), sorted(times_ns)
    between = calendar.open_ns_between
    assert between(first, third) == between(first, second) + between(second, third)
    assert 0 <= between(first, second) <= second - first
    day = calendar.day_interval(first)
    if day:
        assert between(*day) == day[1] - day[0]
        assert between(first, first + 1) == 1
