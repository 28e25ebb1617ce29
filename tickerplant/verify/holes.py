"""Which numbers of a counting venue are still missing, in memory that grows with the holes and not with the trades."""

from bisect import bisect_left, insort
from collections.abc import Iterable


class Holes:
    """Missing numbers between the smallest and the largest seen, as open intervals (last before, first after)."""

    def __init__(self) -> None:
        self.first: int | None = None  # the number seen first, in time
        self._lowest: int | None = None
        self._highest = 0
        self._holes: list[tuple[int, int]] = []

    def see(self, number: int) -> bool:
        """False if the number was seen before."""
        if self._lowest is None:
            self.first = self._lowest = self._highest = number
        elif number > self._highest:
            self._open(self._highest, number)
            self._highest = number
        elif number < self._lowest:
            self._open(number, self._lowest)
            self._lowest = number
        else:
            return self._fill(number)
        return True

    def _open(self, before: int, after: int) -> None:
        if after - before > 1:
            insort(self._holes, (before, after))

    def _fill(self, number: int) -> bool:
        position = bisect_left(self._holes, (number, number)) - 1
        if position < 0 or number >= self._holes[position][1]:
            return False
        before, after = self._holes.pop(position)
        self._open(before, number)
        self._open(number, after)
        return True

    def remaining(self) -> list[tuple[int, int]]:
        """The holes, lowest first."""
        return list(self._holes)


def is_covered(hole: tuple[int, int], reported: Iterable[tuple[int, int]]) -> bool:
    """True if one reported break holds the whole hole; both with exclusive bounds."""
    return any(before <= hole[0] and hole[1] <= after for before, after in reported)
