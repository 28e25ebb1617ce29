"""The trading days of the markets that close: dates, and when each opens and closes. Times are integer nanoseconds since 1970-01-01 UTC."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from schemas.timeframes import SECOND_NS

CALENDARS = Path(__file__).parent / "calendars"
NEW_YORK = ZoneInfo("America/New_York")
EPOCH = date(1970, 1, 1)
LAST = date(2049, 12, 31)
_FX_CLOSE = time(17)
_SATURDAY = 5
TradingDay = tuple[date, int, int]  # its date, open_ns, close_ns


class Year(msgspec.Struct):
    """Weekdays of one year without a session, as `01-01 02-16`, and those with an early close, as `11-27=13:00 12-24=13:00`."""

    closed: str
    early: str = ""


class SessionFile(msgspec.Struct):
    """schemas/calendars/*.json: what differs from a session of 09:30 to 16:00 on every weekday."""

    about: str
    years: dict[str, Year]


def equity_days() -> Iterator[TradingDay]:
    """The regular sessions of the New York Stock Exchange."""
    content = msgspec.json.decode((CALENDARS / "us_equities.json").read_bytes(), type=SessionFile)
    closed = {date.fromisoformat(f"{year}-{day}") for year, one in content.years.items() for day in one.closed.split()}
    early = {
        date.fromisoformat(f"{year}-{at[:5]}"): time.fromisoformat(at[6:])
        for year, one in content.years.items()
        for at in one.early.split()
    }
    for day in _weekdays():
        if day not in closed:
            yield day, _new_york_ns(day, time(9, 30)), _new_york_ns(day, early.get(day, time(16)))


def fx_days() -> Iterator[TradingDay]:
    """Monday to Friday, each from 17:00 New York of the day before."""
    for day in _weekdays():
        yield day, _new_york_ns(day - timedelta(1), _FX_CLOSE), _new_york_ns(day, _FX_CLOSE)


def _weekdays() -> Iterator[date]:
    for number in range((LAST - EPOCH).days + 1):
        day = EPOCH + timedelta(number)
        if day.weekday() < _SATURDAY:
            yield day


def _new_york_ns(day: date, at: time) -> int:
    return int(datetime.combine(day, at, NEW_YORK).timestamp()) * SECOND_NS
