"""How far a source's event time has come, as its ingestor sees it. Pure."""

_AHEAD_NS = 60_000_000_000  # an event time further in the future than this is wrong, and must not close everybody's bars


class Watermarks:
    """now_ns: the ingest clock, which events move; it never goes backwards, nor does the value within a process."""

    def __init__(self, interval_s: float, delay_s: float) -> None:
        self._interval_ns = round(interval_s * 1e9)
        self._delay_ns = round(delay_s * 1e9)
        self._due_ns = 0
        self._value_ns = 0
        self.now_ns = 0
        self.newest_event_ns = 0

    def see(self, ts_event_ns: int) -> None:
        """An event of the venue, with the venue's own time."""
        if self.newest_event_ns < ts_event_ns <= self.now_ns + _AHEAD_NS:
            self.newest_event_ns = ts_event_ns

    def due(self, now_ns: int) -> bool:
        """Moves the clock; True when a watermark is to be written."""
        if now_ns <= self.now_ns:
            return False
        first = not self.now_ns
        self.now_ns = now_ns
        if first:
            self._due_ns = now_ns + self._interval_ns
        return now_ns >= self._due_ns

    def value(self) -> int:
        """Event time that has been reached, ns; the next watermark is due one interval later."""
        self._due_ns = self.now_ns + self._interval_ns
        self._value_ns = max(self._value_ns, self.newest_event_ns, self.now_ns - self._delay_ns)
        return self._value_ns
