"""How fast a client may go: a bucket of messages. Pure but for the clock.

What is taken in one go may be more than is in the bucket: the bucket then owes it, and nothing goes until that is made up. So over any time the
rate holds to within a second's worth and one batch.
"""

from runtime.clock import Clock

LEASE_EVERY_S = 0.1
_SHORTEST_WAIT_S = 0.01
_IDLE_SHARE = 0.05  # of a second's messages, held by each process in which the user is quiet


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


class LeasedPace(Pace):
    """Filled by what the store that all processes share lets this one have; by the clock while that store is away."""

    __slots__ = ("_charged", "is_leased")

    def __init__(self, per_s: float, clock: Clock) -> None:
        super().__init__(per_s, clock)
        self._level = 0.0
        self._charged = 0
        self.is_leased = True

    def wait_s(self) -> float:
        if self._level > 0:
            return 0.0
        return LEASE_EVERY_S if self.is_leased else super().wait_s()

    def charge(self, messages: int) -> None:
        self._level -= messages
        self._charged += messages

    def is_full(self) -> bool:
        """The store remembers; nothing is owed."""
        return self._level >= 0 if self.is_leased else super().is_full()

    def wanted(self) -> int:
        """How much to ask for: what is owed, and enough until the next lease at the present rate."""
        reserve = min(self.per_s, max(1.0, self.per_s * _IDLE_SHARE, 2.0 * self._charged))
        self._charged = 0
        return max(0, round(reserve - self._level))

    def grant(self, messages: int) -> None:
        self._level += messages
        self._be_leased(True)

    def go_alone(self) -> None:
        """The store is away."""
        self._be_leased(False)

    def _be_leased(self, is_leased: bool) -> None:
        if is_leased != self.is_leased:
            self._filled_s = self._clock.monotonic_s()
        self.is_leased = is_leased
