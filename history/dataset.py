"""What a series of bars is worth over a range: how complete, accurate, fresh and consistent, and what is missing. Pure; times are nanoseconds.

An interval without trades has no bar, so in a thin market a missing period need not be a loss: the gaps that lie in it say whether it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from schemas.sessions import AlwaysOpen, Calendar, bar_interval
from schemas.timeframes import DAY_NS, FIXED_NS, SECOND_NS, Timeframe, interval_of

COLUMNS = ("low", "high", "vwap", "volume", "kind", "quality", "reasons", "close_time")
_ROUNDING = 1e-9  # vwap is rounded, and all are read as floats here


@dataclass(frozen=True, slots=True)
class Missing:
    """bars intervals in a row without a bar, all in open market; to_ns is the end of the last. lost: a gap that was not filled lies in it."""

    from_ns: int
    to_ns: int
    bars: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Metrics:
    """expected: intervals of open market that lie in the range; stored: bars in the range.

    completeness: share of the expected that are stored. accuracy: mean quality score. consistency: share of the stored that open with an interval of
    open market, were observed whole, and whose vwap lies between low and high. freshness_s: seconds of open market since the newest bar's close, None
    without any. marked: bars with a quality reason. gaps: known ones in the range that were not filled. All shares 0 to 1; of no bars they are 0.
    """

    expected: int
    stored: int
    completeness: float
    accuracy: float
    consistency: float
    freshness_s: float | None
    marked: int
    missing: tuple[Missing, ...]
    gaps: int = 0


def measured(
    bars: pd.DataFrame,
    calendar: Calendar,
    timeframe: Timeframe,
    start_ns: int,
    end_ns: int,
    now_ns: int,
    gaps: Sequence[tuple[int, int]] = (),
) -> Metrics:
    """bars: COLUMNS as floats, indexed by timestamp. What closes after now_ns is not expected yet. gaps: (from_ns, to_ns) of those not filled."""
    opens = bars.index.as_unit("ns").asi8  # type: ignore[attr-defined]
    expected = _expected(calendar, timeframe, start_ns, min(end_ns, now_ns), opens)
    there = np.isin(expected[:, 0], opens)
    return Metrics(
        expected=len(expected),
        stored=len(bars),
        completeness=round(float(there.mean()), 6) if len(expected) else 1.0,
        accuracy=_mean(bars["quality"].to_numpy()),
        consistency=_mean(_consistent(bars, np.isin(opens, expected[:, 0]))),
        freshness_s=calendar.open_ns_between(int(bars["close_time"].iloc[-1].value), now_ns) / SECOND_NS if len(bars) else None,
        marked=int((bars["reasons"] != "").sum()),
        missing=tuple(_missing(expected, there, gaps)),
        gaps=len(gaps),
    )


def nothing() -> pd.DataFrame:
    """The bars of a range that has none."""
    return pd.DataFrame(columns=list(COLUMNS), index=pd.DatetimeIndex([], tz="UTC")).astype({"quality": float, "low": float, "high": float})


def _mean(values: np.ndarray) -> float:
    return round(float(values.mean()), 6) if len(values) else 0.0


def _expected(calendar: Calendar, timeframe: Timeframe, start_ns: int, end_ns: int, opens: np.ndarray) -> np.ndarray:
    """(open, close) of each interval that lies whole in the range and in which the market is open at any time."""
    if _counts_from_the_opening(timeframe, opens):
        found = _from_openings(calendar, FIXED_NS[timeframe], start_ns, end_ns)
        return np.array(list(found), dtype=np.int64).reshape(-1, 2)
    if isinstance(calendar, AlwaysOpen) and timeframe in FIXED_NS:
        length = FIXED_NS[timeframe]
        first = interval_of(timeframe, start_ns + length - 1)[0]
        starts = first + np.arange(max((end_ns - first) // length, 0), dtype=np.int64) * length
        return np.stack((starts, starts + length), axis=1)
    return np.array(list(_walk(calendar, timeframe, start_ns, end_ns)), dtype=np.int64).reshape(-1, 2)


def _counts_from_the_opening(timeframe: Timeframe, opens: np.ndarray) -> bool:
    """A provider's hours may begin at half past, with the session: most of its bars then open where none of ours would."""
    length = FIXED_NS.get(timeframe, 0)
    return 0 < length < DAY_NS and len(opens) > 0 and bool((opens % length != 0).mean() > 0.5)


def _from_openings(calendar: Calendar, length_ns: int, start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
    at = calendar.next_open_ns(start_ns)
    if at is not None and at == start_ns and (session := calendar.day_interval(at)) is not None:
        at -= (at - session[0]) % -length_ns  # the next one of a session that has begun
    while at is not None and at + length_ns <= end_ns:
        yield at, at + length_ns
        at = calendar.next_open_ns(at + length_ns)


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


def _missing(expected: np.ndarray, there: np.ndarray, gaps: Sequence[tuple[int, int]]) -> Iterator[Missing]:
    """Runs of absent intervals; a closed night between two does not end a run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([1], there.astype(np.int8), [1]))))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        from_ns, to_ns = int(expected[first, 0]), int(expected[after - 1, 1])
        lost = any(gap_from_ns < to_ns and gap_to_ns > from_ns for gap_from_ns, gap_to_ns in gaps)
        yield Missing(from_ns, to_ns, int(after - first), lost)
