"""The UTC interval that holds a time, worked out by calendar arithmetic."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

MINUTE_NS = 60_000_000_000
_DAY_MINUTES = 1440
_UNIT_MINUTES = {"m": 1, "h": 60, "d": _DAY_MINUTES}
NAMES = ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "2d", "1w", "1M")
_EPOCH = date(1970, 1, 1)


def minute_of(ts_ns: int) -> int:
    """Start of the minute, ns."""
    return ts_ns // MINUTE_NS * MINUTE_NS


@lru_cache(maxsize=200_000)
def interval(timeframe: str, minute_ns: int) -> tuple[int, int]:
    """(open, close) in ns of the timeframe's interval that holds the minute starting at minute_ns. Raises KeyError or ValueError for no timeframe."""
    day_number, minute = divmod(minute_ns // MINUTE_NS, _DAY_MINUTES)
    if timeframe == "1M":
        return _month(_EPOCH + timedelta(days=day_number))
    if timeframe == "1w":
        day = _EPOCH + timedelta(days=day_number)
        monday = day - timedelta(days=day.weekday())
        return _ns(monday), _ns(monday + timedelta(days=7))
    length = int(timeframe[:-1]) * _UNIT_MINUTES[timeframe[-1]]
    if length < _DAY_MINUTES:
        first = day_number * _DAY_MINUTES + minute // length * length
        return first * MINUTE_NS, (first + length) * MINUTE_NS
    days = length // _DAY_MINUTES
    first_day = _EPOCH + timedelta(days=day_number // days * days)
    return _ns(first_day), _ns(first_day + timedelta(days=days))


def _month(day: date) -> tuple[int, int]:
    first = day.replace(day=1)
    return _ns(first), _ns((first + timedelta(days=31)).replace(day=1))


def _ns(day: date) -> int:
    return (day - _EPOCH).days * _DAY_MINUTES * MINUTE_NS


def text(ts_ns: int) -> str:
    """As 2024-08-09T00:01:00Z; with a fraction only where there is one."""
    second, fraction = divmod(ts_ns, 1_000_000_000)
    whole = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{fraction:09d}".rstrip("0") + "Z" if fraction else f"{whole}Z"
