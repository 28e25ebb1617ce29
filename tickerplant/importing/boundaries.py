"""Watermarks of an import: where event time passes the end of an interval, as a live feed's clock would have.

A file is read faster than its time went by, so the clock of an import is its events. Whenever the next event lies beyond the end (and the grace) of an
interval that holds the one before, the source's watermark says so first: the bars of every symbol close then and not with some later event, and are
known from the moment from which a live line would have known them. So a file gives the same bars however often its import is cut short.
"""

from schemas.timeframes import MINUTE_NS, Timeframe, interval_of


class Boundaries:
    """Of one source. grace_ns: as the stage bars waits."""

    def __init__(self, grace_ns: int) -> None:
        self._grace_ns = grace_ns
        self._next_ns = 0
        self.newest_ns = 0

    def before(self, at_ns: int) -> list[int]:
        """The watermarks to write before an event at at_ns, which is not older than the one before."""
        passed: list[int] = []
        if self.newest_ns and at_ns >= self._next_ns:
            ends = {self._end(timeframe, now_ns) for timeframe in Timeframe for now_ns in (self.newest_ns - self._grace_ns, self.newest_ns)}
            passed = sorted(end for end in ends if end <= at_ns)
        if at_ns > self.newest_ns:
            self.newest_ns = at_ns
            reached_ns = at_ns - self._grace_ns
            self._next_ns = reached_ns - reached_ns % MINUTE_NS + MINUTE_NS + self._grace_ns
        return passed

    def last(self, complete_until_ns: int) -> list[int]:
        """The watermarks at the end: the minute of the newest event is over, and all up to complete_until_ns. Intervals that ended within the grace
        before the newest event close on the way, as they would before another event."""
        end_ns = max(self.newest_ns - self.newest_ns % MINUTE_NS + MINUTE_NS, complete_until_ns) + self._grace_ns
        newest_ns = self.newest_ns
        passed = [passed_ns for passed_ns in self.before(end_ns) if passed_ns < end_ns]
        self.newest_ns = newest_ns
        return [*passed, end_ns]

    def _end(self, timeframe: Timeframe, now_ns: int) -> int:
        return interval_of(timeframe, now_ns)[1] + self._grace_ns
