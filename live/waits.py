"""How long to wait before the next connection."""

from random import SystemRandom

FIRST_S = 0.2
LONGEST_S = 10.0
_random = SystemRandom()


class Waits:
    """Twice as long each time, up to LONGEST_S, of which a random half is left out: many clients must not come back at one moment."""

    def __init__(self) -> None:
        self._next_s = FIRST_S

    def reset(self) -> None:
        """It served us: the next failure starts from the shortest wait."""
        self._next_s = FIRST_S

    def take(self, asked_s: float | None = None) -> float:
        """Seconds. asked_s: what the gateway asked for, which spreads its clients itself."""
        if asked_s is not None:
            return min(LONGEST_S, asked_s)
        wait_s, self._next_s = self._next_s, min(LONGEST_S, self._next_s * 2)
        return wait_s * _random.uniform(0.5, 1.0)
