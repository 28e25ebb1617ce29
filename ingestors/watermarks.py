"""How far a source's event time has come, as its ingestor sees it. Pure."""

from dataclasses import dataclass

from ingestors.lane import Lane

_AHEAD_NS = 60_000_000_000  # an event time further in the future than this is wrong, and must not close everybody's bars


@dataclass(slots=True, eq=False)
class _Reach:
    """How far one connection has come: the ingest clock at its last event, and its newest event."""

    now_ns: int = 0
    newest_event_ns: int = 0


class Watermarks:
    """now_ns: the ingest clock, which events move; it never goes backwards, nor does the value within a process.

    Of several connections the one that is behind counts: one that is down, or whose frames wait, has come no further than its last event.
    """

    def __init__(self, interval_s: float, delay_s: float) -> None:
        self._interval_ns = round(interval_s * 1e9)
        self._delay_ns = round(delay_s * 1e9)
        self._due_ns = 0
        self._value_ns = 0
        self._reaches: dict[Lane, _Reach] = {}
        self._at = _Reach()  # of the connection that is read
        self.now_ns = 0
        self.newest_event_ns = 0

    def carry(self, lane: Lane) -> None:
        """This connection counts from now on, though nothing may have come over it yet."""
        if lane not in self._reaches:
            self._reaches[lane] = _Reach() if self._reaches else self._at

    def turn(self, lane: Lane | None) -> None:
        """The next events come over this connection; None: over none, they are asked for or only time passes."""
        if lane is not None:
            self.carry(lane)
            self._at = self._reaches[lane]
        elif len(self._reaches) > 1:
            self._at = _Reach()

    def take_over(self, lane: Lane) -> None:
        """It stands where the retired connection of the same symbols ended."""
        for old in [old for old in self._reaches if old is not lane and old.retired and old.symbols == lane.symbols]:
            self._reaches[lane] = self._reaches.pop(old)

    def drop(self, lane: Lane) -> None:
        """Nothing more comes over it."""
        self._reaches.pop(lane, None)

    def see(self, ts_event_ns: int) -> None:
        """An event of the venue, with the venue's own time."""
        if self._at.newest_event_ns < ts_event_ns <= self.now_ns + _AHEAD_NS:
            self._at.newest_event_ns = ts_event_ns
            if self.newest_event_ns < ts_event_ns:
                self.newest_event_ns = ts_event_ns

    def due(self, now_ns: int) -> bool:
        """Moves the clock; True when a watermark is to be written."""
        self._at.now_ns = now_ns
        if now_ns <= self.now_ns:
            return False
        self.now_ns = now_ns
        if now_ns < self._due_ns:
            return False
        if self._due_ns:
            return True
        self._due_ns = now_ns + self._interval_ns  # the first event
        return False

    def value(self) -> int:
        """Event time that has been reached, ns, 0 before it is known; the next watermark is due one interval later."""
        self._due_ns = self.now_ns + self._interval_ns
        self._value_ns = max(self._value_ns, self._reached())
        return self._value_ns

    def _reached(self) -> int:
        newest_ns = max(self.newest_event_ns, self.now_ns - self._delay_ns)
        if len(self._reaches) < 2:
            return newest_ns
        return min((self._reached_by(lane, reach) for lane, reach in self._reaches.items() if lane.symbols), default=newest_ns)

    def _reached_by(self, lane: Lane, reach: _Reach) -> int:
        behind = not lane.open or len(lane.queue) or reach is self._at
        return max(reach.newest_event_ns, (reach.now_ns if behind else self.now_ns) - self._delay_ns)
