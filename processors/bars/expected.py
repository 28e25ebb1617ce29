"""Where a market's calendar wants a provider's bars."""

from collections.abc import Iterator
from itertools import islice

from schemas.sessions import Calendar, bar_interval
from schemas.timeframes import FIXED_NS, Timeframe

MAX_EXPECTED = 512  # of one hole: its gap says how long it is, and what is named can be filled


def expected_opens(calendar: Calendar, timeframe: Timeframe, from_ns: int, to_ns: int) -> list[int]:
    """Where the bars that lie whole between two instants begin, at most MAX_EXPECTED.

    Below a day they follow each other from from_ns on, and begin anew at each opening: a provider's hours may begin at half past. From a day on they
    are the calendar's; a provider that gives its bars the hours from midnight to midnight has the trading day within.
    """
    length_ns = FIXED_NS.get(timeframe, 0)
    is_intraday = length_ns and length_ns < FIXED_NS[Timeframe.D1]
    found = _intraday(calendar, length_ns, from_ns, to_ns) if is_intraday else _days(calendar, timeframe, from_ns, to_ns)
    return list(islice(found, MAX_EXPECTED))


def _intraday(calendar: Calendar, length_ns: int, from_ns: int, to_ns: int) -> Iterator[int]:
    opens_ns = calendar.next_open_ns(from_ns)
    while opens_ns is not None and opens_ns + length_ns <= to_ns:
        yield opens_ns
        opens_ns = calendar.next_open_ns(opens_ns + length_ns)


def _days(calendar: Calendar, timeframe: Timeframe, from_ns: int, to_ns: int) -> Iterator[int]:
    opens_ns = calendar.next_open_ns(from_ns)
    while opens_ns is not None and (interval := bar_interval(calendar, timeframe, opens_ns)) and interval[1] <= to_ns:
        if interval[0] >= from_ns:
            yield interval[0]
        opens_ns = calendar.next_open_ns(interval[1])
