"""Latencies of one window in bounded memory: the newest as they are, the others as counts of logarithmic buckets."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct

MAX_WAITING = 128
_PER_OCTAVE = 8  # neighbouring bounds differ by 2^(1/8): a percentile is at most 9 % above the exact one
_OCTAVES = 37  # from a microsecond to a day and a half
_POSITIVE = sorted({round(1_000 * 2 ** (step / _PER_OCTAVE)) for step in range(_PER_OCTAVE * _OCTAVES)})
BOUNDS = (
    [-bound for bound in reversed(_POSITIVE)] + [0] + _POSITIVE
)  # upper ends of the buckets, ns; below zero: the receiver's clock runs behind


class Latencies(Struct, array_like=True):
    """count and total_ns: of those in buckets. buckets: index of the upper bound in BOUNDS to how many."""

    count: int = 0
    total_ns: int = 0
    buckets: dict[int, int] = {}

    def fold(self, latencies: list[int]) -> None:
        """Sorts and counts them. In whatever portions they come, the result is the same. Cost grows with the buckets that are hit, not the latencies."""
        latencies.sort()
        self.count += len(latencies)
        self.total_ns += sum(latencies)
        buckets, at = self.buckets, 0
        while at < len(latencies):
            index = bisect_left(BOUNDS, latencies[at])
            after = bisect_right(latencies, BOUNDS[index], at) if index < len(BOUNDS) else len(latencies)
            buckets[index] = buckets.get(index, 0) + after - at
            at = after

    def average_ns(self) -> int:
        """Rounded; 0 without any."""
        return round(Fraction(self.total_ns, self.count)) if self.count else 0

    def p99_ns(self) -> int:
        """Upper bound of the bucket that holds the 99th percentile (nearest rank); 0 without any."""
        rank = self.count - self.count // 100
        for index in sorted(self.buckets):
            rank -= self.buckets[index]
            if rank <= 0:
                return BOUNDS[min(index, len(BOUNDS) - 1)]
        return 0


def of(latencies: Iterable[int]) -> Latencies:
    """All of them counted."""
    counted = Latencies()
    counted.fold(list(latencies))
    return counted
