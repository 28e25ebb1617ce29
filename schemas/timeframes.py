"""Timeframes of bars and the interval that a time falls into. All times are integer nanoseconds since 1970-01-01 UTC."""

from datetime import UTC, datetime
from enum import StrEnum

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
_MONDAY_NS = 4 * DAY_NS  # 1970-01-05, the first Monday: weeks are counted from it


class Timeframe(StrEnum):
    """Names on the wire; `1m` is a minute and `1M` a month."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D2 = "2d"
    W1 = "1w"
    MN1 = "1M"


FIXED_NS: dict[Timeframe, int] = {
    Timeframe.M1: MINUTE_NS,
    Timeframe.M5: 5 * MINUTE_NS,
    Timeframe.M15: 15 * MINUTE_NS,
    Timeframe.M30: 30 * MINUTE_NS,
    Timeframe.H1: HOUR_NS,
    Timeframe.H2: 2 * HOUR_NS,
    Timeframe.H4: 4 * HOUR_NS,
    Timeframe.H6: 6 * HOUR_NS,
    Timeframe.H8: 8 * HOUR_NS,
    Timeframe.H12: 12 * HOUR_NS,
    Timeframe.D1: DAY_NS,
    Timeframe.D2: 2 * DAY_NS,
    Timeframe.W1: 7 * DAY_NS,
}


def interval_of(timeframe: Timeframe, ts_ns: int) -> tuple[int, int]:
    """(start, end) of the UTC interval that holds ts_ns: start <= ts_ns < end. Weeks start on Monday, 2d counts from 1970-01-01."""
    if timeframe is Timeframe.MN1:
        return _month_of(ts_ns)
    length = FIXED_NS[timeframe]
    origin = _MONDAY_NS if timeframe is Timeframe.W1 else 0
    start = ts_ns - (ts_ns - origin) % length
    return start, start + length


def _month_of(ts_ns: int) -> tuple[int, int]:
    day = datetime.fromtimestamp(ts_ns // SECOND_NS, UTC)
    start = datetime(day.year, day.month, 1, tzinfo=UTC)
    end = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC)
    return int(start.timestamp()) * SECOND_NS, int(end.timestamp()) * SECOND_NS
