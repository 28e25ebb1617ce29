"""What a series of bars is worth over a range: how complete, accurate, fresh and consistent, and what is missing. Pure; times are nanoseconds.

An interval without trades has no bar, so in a thin market a missing period need not be a loss: market_gaps says what was lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from schemas.sessions import AlwaysOpen, Calendar, bar_interval
from schemas.timeframes import FIXED_NS, SECOND_NS, Timeframe, interval_of

COLUMNS = ("low", "high", "vwap", "volume", "kind", "quality", "reasons", "close_time")
_ROUNDING = 1e-9  # vwap is rounded, and all are read as floats here


@dataclass(frozen=True, slots=True)
class Missing:
    """bars intervals in a row without a bar, all in open market; to_ns is the end of the last."""

    from_ns: int
    to_ns: int
    bars: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """expected: intervals of open market that lie in the range; stored: bars in the range.

    completeness: share of the expected that are stored. accuracy: mean quality score. consistency: share of the stored that open with an interval of
    open market, were observed whole, and whose vwap lies between low and high. freshness_s: seconds of open market since the newest bar's close.
    marked: bars with a quality reason. All shares 0 to 1.
    """

    expected: int
    stored: int
    completeness: float
    accuracy: float
    consistency: float
    freshness_s: float
    marked: int
    missing: tuple[Missing, ...]


def measured(bars: pd.DataFrame, calendar: Calendar, timeframe: Timeframe, start_ns: int, end_ns: int, now_ns: int) -> Metrics:
    """bars: COLUMNS as floats, indexed by timestamp; at least one. What closes after now_ns is not expected yet."""
    opens = bars.index.as_unit("ns").asi8  # type: ignore[attr-defined]
    expected = _expected(calendar, timeframe, start_ns, min(end_ns, now_ns))
    there = np.isin(expected[:, 0], opens)
    return Metrics(
        expected=len(expected),
        stored=len(bars),
        completeness=round(float(there.mean()), 6) if len(expected) else 1.0,
        accuracy=round(float(bars["quality"].mean()), 6),
        consistency=round(float(_consistent(bars, np.isin(opens, expected[:, 0])).mean()), 6),
        freshness_s=calendar.open_ns_between(int(bars["close_time"].iloc[-1].value), now_ns) / SECOND_NS,
        marked=int((bars["reasons"] != "").sum()),
        missing=tuple(_missing(expected, there)),
    )


def _expected(calendar: Calendar, timeframe: Timeframe, start_ns: int, end_ns: int) -> np.ndarray:
    """(open, close) of each interval that lies whole in the range and in which the market is open at any time."""
    if isinstance(calendar, AlwaysOpen) and timeframe in FIXED_NS:
        length = FIXED_NS[timeframe]
        first = interval_of(timeframe, start_ns + length - 1)[0]
        starts = first + np.arange(max((end_ns - first) // length, 0), dtype=np.int64) * length
        return np.stack((starts, starts + length), axis=1)
    return np.array(list(_walk(calendar, timeframe, start_ns, end_ns)), dtype=np.int64).reshape(-1, 2)


def _walk(calendar: Calendar, timeframe: Timeframe, start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
    at = calendar.next_open_ns(start_ns)
    while at is not None and at < end_ns:
        interval = bar_interval(calendar, timeframe, at)
        if interval is None or interval[1] > end_ns:
            return
        if interval[0] >= start_ns:
            yield interval
        at = calendar.next_open_ns(interval[1])


def _consistent(bars: pd.DataFrame, in_session: np.ndarray) -> np.ndarray:
    slack = bars["high"] * _ROUNDING
    inside = (bars["vwap"] >= bars["low"] - slack) & (bars["vwap"] <= bars["high"] + slack)
    answer: np.ndarray = in_session & inside.to_numpy() & (bars["kind"] != "incomplete").to_numpy()
    return answer


def _missing(expected: np.ndarray, there: np.ndarray) -> Iterator[Missing]:
    """Runs of absent intervals; a closed night between two does not end a run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([1], there.astype(np.int8), [1]))))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        yield Missing(int(expected[first, 0]), int(expected[after - 1, 1]), int(after - first))
