"""Bars of intervals in which nothing was traded, for the symbols whose policy asks for them."""

from processors.bars.open_bar import OpenBar
from processors.bars.timeline import Timeline
from schemas.sessions import Calendar, bar_interval
from schemas.timeframes import Timeframe

SYNTHETIC_BARS = 60  # in a row, of one timeframe; below the 64 that can be corrected, so that the bar before them is still known


def next_empty(calendar: Calendar, timeframe: Timeframe, timeline: Timeline) -> OpenBar | None:
    """The bar that follows the newest closed one if nothing is traded, at that one's close. None if that interval has trades already, if there is no
    bar before it, or after SYNTHETIC_BARS in a row. Time in which the market is closed is passed over and counts for nothing."""
    if not timeline.closed:
        return None
    newest = timeline.closed[-1]
    opens_ns = calendar.next_open_ns(newest.ts_close_ns)
    interval = None if opens_ns is None else bar_interval(calendar, timeframe, opens_ns)
    if interval is None or interval[0] in timeline.open or newest.run >= SYNTHETIC_BARS:
        return None
    return OpenBar(*interval, newest.fold.flat(), run=newest.run + 1)


def follow(timeline: Timeline, changed: OpenBar) -> list[OpenBar]:
    """The synthetic bars right after a closed bar, set to its close. Returns those that it changes."""
    flat = changed.fold.flat()
    following = []
    for bar in timeline.closed_after(changed.ts_open_ns):
        if bar.fold.count or bar.fold == flat:
            break
        bar.fold = flat.copy()
        following.append(bar)
    return following
