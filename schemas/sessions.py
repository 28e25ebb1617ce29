"""When a market is open, and the trading day that holds an instant. Times are integer nanoseconds since 1970-01-01 UTC.

crypto: always open, days are UTC's. fx: open from Sunday 17:00 to Friday 17:00 New York; a trading day ends at 17:00 and has that date.
equity and index: the regular session of the New York Stock Exchange, 09:30 to 16:00 New York, with holidays and early closes from schemas/calendars
(made from the library exchange_calendars by `python -m tickerplant.calendar_files`). Outside the calendar's years, 1970 to 2049, equities and fx are closed.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from datetime import timedelta
from functools import cache, lru_cache
from itertools import accumulate
from typing import Protocol

from schemas.session_days import EPOCH, TradingDay, equity_days, fx_days
from schemas.symbols import AssetClass
from schemas.timeframes import FIXED_NS, Timeframe, interval_of

Interval = tuple[int, int]  # from the first to before the second
_INTRADAY = frozenset(timeframe for timeframe, length_ns in FIXED_NS.items() if length_ns < FIXED_NS[Timeframe.D1])


class Calendar(Protocol):
    """The sessions of one asset class. A market is open from open_ns to before close_ns.

    open_ns_between: nanoseconds of open market between two instants; 0 over a closed night, and if the second is not later.
    day_interval: the trading day that holds an instant, None while the market is closed.
    next_open_ns: the instant itself while the market is open, else its next opening; None if there is none.
    period: the interval of a timeframe of a day or more: from the open of its first trading day to the close of its last; None while it is closed.
    """

    def is_open(self, ts_ns: int) -> bool: ...

    def open_ns_between(self, from_ns: int, to_ns: int) -> int: ...

    def day_interval(self, ts_ns: int) -> Interval | None: ...

    def next_open_ns(self, ts_ns: int) -> int | None: ...

    def period(self, timeframe: Timeframe, ts_ns: int) -> Interval | None: ...


class AlwaysOpen:
    """A market that never closes, with UTC's days."""

    def is_open(self, ts_ns: int) -> bool:
        return True

    def open_ns_between(self, from_ns: int, to_ns: int) -> int:
        return max(0, to_ns - from_ns)

    def day_interval(self, ts_ns: int) -> Interval:
        return interval_of(Timeframe.D1, ts_ns)

    def next_open_ns(self, ts_ns: int) -> int:
        return ts_ns

    def period(self, timeframe: Timeframe, ts_ns: int) -> Interval:
        return interval_of(timeframe, ts_ns)


class TradingDays:
    """A market with closed hours. counts_sessions: 2d pairs trading days (equities), else calendar days from 1970-01-01 (fx)."""

    def __init__(self, days: Iterable[TradingDay], counts_sessions: bool) -> None:
        dates, opens, closes = zip(*days, strict=True)
        self._days: array[int] = array("q", ((one - EPOCH).days for one in dates))
        self._opens: array[int] = array("q", opens)
        self._closes: array[int] = array("q", closes)
        lengths = (close - start for start, close in zip(opens, closes, strict=True))
        self._open_before: array[int] = array("q", accumulate(lengths, initial=0))
        self._counts_sessions = counts_sessions
        self._period_at = lru_cache(maxsize=256)(self._find_period)

    def is_open(self, ts_ns: int) -> bool:
        return self._index(ts_ns) is not None

    def open_ns_between(self, from_ns: int, to_ns: int) -> int:
        return max(0, self._open_until(to_ns) - self._open_until(from_ns))

    def day_interval(self, ts_ns: int) -> Interval | None:
        at = self._index(ts_ns)
        return None if at is None else (self._opens[at], self._closes[at])

    def next_open_ns(self, ts_ns: int) -> int | None:
        if self._index(ts_ns) is not None:
            return ts_ns
        following = bisect_right(self._opens, ts_ns)
        return self._opens[following] if following < len(self._opens) else None

    def period(self, timeframe: Timeframe, ts_ns: int) -> Interval | None:
        at = self._index(ts_ns)
        return None if at is None else self._period_at(timeframe, at)

    def _index(self, ts_ns: int) -> int | None:
        at = bisect_right(self._opens, ts_ns) - 1
        return at if at >= 0 and ts_ns < self._closes[at] else None

    def _open_until(self, ts_ns: int) -> int:
        at = bisect_right(self._opens, ts_ns) - 1
        if at < 0:
            return 0
        opens_ns, closes_ns = self._opens[at], self._closes[at]
        return self._open_before[at] + min(ts_ns, closes_ns) - opens_ns

    def _find_period(self, timeframe: Timeframe, at: int) -> Interval:
        number, first, last = self._number(timeframe, at), at, at
        while first > 0 and self._number(timeframe, first - 1) == number:
            first -= 1
        while last + 1 < len(self._days) and self._number(timeframe, last + 1) == number:
            last += 1
        return self._opens[first], self._closes[last]

    def _number(self, timeframe: Timeframe, at: int) -> int:
        """The same for all trading days of one interval."""
        day = self._days[at]
        if timeframe is Timeframe.MN1:
            when = EPOCH + timedelta(day)
            return when.year * 12 + when.month
        if timeframe is Timeframe.W1:
            return (day - 4) // 7  # 1970-01-05 was the first Monday
        if timeframe is Timeframe.D2:
            return (at if self._counts_sessions else day) // 2
        return at


@cache
def calendar_of(asset_class: AssetClass) -> Calendar:
    """The calendar of an asset class. Made at its first use, which takes a tenth of a second; then every answer takes a microsecond."""
    if asset_class == "crypto":
        return AlwaysOpen()
    if asset_class == "index":
        return calendar_of("equity")
    if asset_class == "fx":
        return TradingDays(fx_days(), counts_sessions=False)
    return TradingDays(equity_days(), counts_sessions=True)


def bar_interval(calendar: Calendar, timeframe: Timeframe, ts_ns: int) -> Interval | None:
    """The bar that an instant belongs to. Below a day: UTC's interval, also while the market is closed; from a day on: the calendar's, or None."""
    if timeframe in _INTRADAY:
        return interval_of(timeframe, ts_ns)
    return calendar.period(timeframe, ts_ns)
