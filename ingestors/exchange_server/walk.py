"""A geometric random walk that can be asked for any second: the same seed and second always give the same price, wherever playing starts.

Brownian motion by midpoints (Levy's construction): a value at a second with k trailing zero bits is the mean of its neighbours 2^k away plus a
normal step of the right size; every 2^17 s (36 h) stands a value drawn on its own, so the walk cannot drift away over the years.
"""

import math
import random
from functools import lru_cache

_TOP_BITS = 17
_MASK = 0xFFFFFFFFFFFFFFFF


def mixed(*numbers: int) -> int:
    """A 64-bit hash of integers (splitmix64's finaliser over their chain), equal in every process."""
    h = 0x9E3779B97F4A7C15
    for number in numbers:
        h = (h ^ (number & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        h = (h ^ (h >> 27)) * 0x94D049BB133111EB & _MASK
        h ^= h >> 31
    return h


class Walk:
    """price(second): base x exp(volatility x W(second)); volatility is the standard deviation of the log price over one second."""

    def __init__(self, seed: int, base: float, volatility: float) -> None:
        self._seed = seed
        self._base = base
        self._volatility = volatility
        self._value = lru_cache(maxsize=4096)(self._compute)

    def price(self, second: int) -> float:
        """The middle price at the start of a second since 1970."""
        return self._base * math.exp(self._volatility * self._value(second))

    def _compute(self, second: int) -> float:
        bits = (second & -second).bit_length() - 1 if second else _TOP_BITS
        normal = random.Random(mixed(self._seed, second)).gauss(0, 1)  # noqa: S311 (prices, not secrets)
        if bits >= _TOP_BITS:
            return normal * math.sqrt(1 << _TOP_BITS) / 2
        step = 1 << bits
        return (self._value(second - step) + self._value(second + step)) / 2 + normal * math.sqrt(step / 2)
