"""How fast a client may go: a bucket of messages. Pure but for the clock.

What is taken in one go may be more than is in the bucket: the bucket then owes it, and nothing goes until that is made up. So over any time the
rate holds to within a second's worth and one batch.
"""

from runtime.clock import Clock

_SHORTEST_WAIT_S = 0.01


class Pace:
    """Filled by the clock, one second's worth at most."""

    __slots__ = ("_clock", "_filled_s", "_level", "per_s")

    def __init__(self, per_s: float, clock: Clock) -> None:
        self.per_s = per_s
        self._clock = clock
        self._level = max(1.0, per_s)
        self._filled_s = clock.monotonic_s()

    def wait_s(self) -> float:
        """0: the next may go now; else when to ask again."""
        if self._level > 0:
            return 0.0
        self._fill()
        return 0.0 if self._level > 0 else max(_SHORTEST_WAIT_S, (1 - self._level) / self.per_s)

    def charge(self, messages: int) -> None:
        """They went."""
        self._level -= messages

    def is_full(self) -> bool:
        """As after a second without a message."""
        self._fill()
        return self._level >= self.per_s

    def _fill(self) -> None:
        now_s = self._clock.monotonic_s()
        self._level = min(max(1.0, self.per_s), self._level + (now_s - self._filled_s) * self.per_s)
        self._filled_s = now_s
