"""Time is injected. This is the only module that asks the machine what time it is."""

import time
from typing import Protocol


class Clock(Protocol):
    """now_ns: nanoseconds since 1970-01-01 UTC; monotonic_s: seconds for durations and deadlines. Neither blocks."""

    def now_ns(self) -> int: ...

    def monotonic_s(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_s(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves when told: for tests, and for an ingestor whose time is the capture's."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._monotonic_s = 0.0

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def set_ns(self, now_ns: int) -> None:
        """Moves to now_ns, backwards too: a second replay of a capture does."""
        self._now_ns = now_ns

    def advance_s(self, seconds: float) -> None:
        self._now_ns += round(seconds * 1e9)
        self._monotonic_s += seconds
