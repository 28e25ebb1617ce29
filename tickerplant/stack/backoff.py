"""How long a crashed child waits before it is started again."""

from dataclasses import dataclass

HEALTHY_S = 60.0  # a child that ran so long is not in a crash loop: its next crash is a first one


@dataclass(slots=True)
class Backoff:
    """Doubles from first_s to largest_s. Not quicker than half a second: eight children that crash together must not take both cores."""

    first_s: float = 0.5
    largest_s: float = 30.0
    _next_s: float = 0.0

    def delay_s(self, ran_s: float) -> float:
        """The wait after a run of ran_s seconds."""
        if ran_s >= HEALTHY_S or not self._next_s:
            self._next_s = self.first_s
        delay, self._next_s = self._next_s, min(self._next_s * 2, self.largest_s)
        return delay
