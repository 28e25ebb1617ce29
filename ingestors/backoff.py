"""How long to wait between attempts."""

import random


class Backoff:
    """Waiting times between attempts: full jitter below a ceiling that doubles up to a cap. Reset it by data, not by a mere connect: a provider
    that accepts and drops at once must not be hammered."""

    def __init__(self, first_s: float = 0.25, cap_s: float = 30.0, rng: random.Random | None = None) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._rng = rng or random.Random()  # noqa: S311 (jitter, not a secret)
        self.attempts = 0

    def next_s(self) -> float:
        """Seconds to wait before the next attempt, between 0 and the ceiling."""
        ceiling_s = min(self._cap_s, self._first_s * 2 ** min(self.attempts, 30))
        self.attempts += 1
        return self._rng.uniform(0, ceiling_s)

    def reset(self) -> None:
        self.attempts = 0
