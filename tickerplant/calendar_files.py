"""The session calendars under schemas/calendars/, made from the library exchange_calendars (a development dependency; no running process needs it).

`python -m tickerplant.calendar_files` writes them; with `--check` it writes nothing and exits with 1 if one is stale. Run it when the exchange
announces a closure, after updating the library.
"""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from schemas.session_days import CALENDARS, LAST, NEW_YORK, SessionFile, Year

FILE = CALENDARS / "us_equities.json"
FIRST = date(1970, 1, 1)
_ABOUT = "XNYS of exchange_calendars {version}; made by `python -m tickerplant.calendar_files`"


def content() -> str:
    """The file as the installed library has it. Raises ImportError without the library, ValueError for hours that the file cannot say."""
    import exchange_calendars

    schedule = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat()).schedule
    hours = {day.date(): _hours(row) for day, row in schedule.iterrows()}
    years = {str(year): _year(hours, year) for year in range(FIRST.year, LAST.year + 1)}
    document = SessionFile(_ABOUT.format(version=exchange_calendars.__version__), years)
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _hours(row: Any) -> str:
    start, end = (row[name].tz_convert(NEW_YORK).strftime("%H:%M") for name in ("open", "close"))
    if start != "09:30":
        raise ValueError(f"a session that begins at {start}: the file has no place for it")
    return str(end)


def _year(hours: dict[date, str], year: int) -> Year:
    closed = [_short(day) for day in _weekdays(year) if day not in hours]
    early = [f"{_short(day)}={hours[day]}" for day in _weekdays(year) if hours.get(day, "16:00") != "16:00"]
    return Year(" ".join(closed), " ".join(early))


def _weekdays(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        if day.weekday() < 5:
            yield day
        day += timedelta(1)


def _short(day: date) -> str:
    return day.strftime("%m-%d")


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(1 if FILE.read_text() != content() else 0)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(content())
