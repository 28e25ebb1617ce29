"""Parts that formulas are made of: windows and running means. Each takes one number at a time and is plain data.

Sums over a window are made anew each time, correctly rounded: a running sum would keep the rounding of every number that ever passed through.
"""

from collections.abc import Sequence
from math import fsum

from msgspec import Struct


class Window(Struct, array_like=True):
    """The last `length` numbers, oldest first."""

    length: int
    items: list[float] = []

    def push(self, x: float) -> bool:
        """True if it is full now."""
        self.items.append(x)
        if len(self.items) > self.length:
            del self.items[0]
        return len(self.items) == self.length


class Sma(Window, array_like=True):
    """Simple mean of the last `length`."""

    def mean(self, x: float) -> float | None:
        return fsum(self.items) / self.length if self.push(x) else None


class Wma(Window, array_like=True):
    """Mean with weights 1, 2, ..., the newest the heaviest."""

    def mean(self, x: float) -> float | None:
        if not self.push(x):
            return None
        weighted = fsum([weight * item for weight, item in enumerate(self.items, 1)])
        return weighted / (self.length * (self.length + 1) // 2)


class Ema(Struct, array_like=True, gc=False):
    """Exponential mean with k = 2 / (period + 1), seeded with the simple mean of the first `period` values; value: their sum until then."""

    period: int
    seen: int = 0
    value: float = 0.0

    def push(self, x: float) -> float | None:
        """The mean, from value number `period` on."""
        self.seen += 1
        if self.seen > self.period:
            self.value = (x - self.value) * (2.0 / (self.period + 1)) + self.value
            return self.value
        self.value += x
        if self.seen < self.period:
            return None
        self.value /= self.period
        return self.value


class Wilder(Struct, array_like=True, gc=False):
    """Wilder's mean, k = 1 / period, seeded with the simple mean of the first `period` values; value: their sum until then."""

    period: int
    seen: int = 0
    value: float = 0.0

    def push(self, x: float) -> float | None:
        """The mean, from value number `period` on."""
        self.seen += 1
        if self.seen > self.period:
            self.value = (self.value * (self.period - 1) + x) / self.period
            return self.value
        self.value += x
        if self.seen < self.period:
            return None
        self.value /= self.period
        return self.value


class Chain(Struct, array_like=True):
    """Exponential means of exponential means, as many as there are; each is seeded with the first values of the one before."""

    stages: list[Ema]

    @classmethod
    def of(cls, period: int, count: int) -> "Chain":
        return cls([Ema(period) for _ in range(count)])

    def push(self, x: float) -> list[float]:
        """The values of all of them, from the value on at which the last one is there; empty until then."""
        values: list[float] = []
        for stage in self.stages:
            mean = stage.push(x)
            if mean is None:
                return []
            values.append(mean)
            x = mean
        return values


def deviation(items: Sequence[float]) -> tuple[float, float]:
    """Mean and population variance, in two passes: E[x^2] - E[x]^2 would lose half of the digits of prices. Exactly 0 where all are the same."""
    if min(items) == max(items):
        return items[0], 0.0
    mean = fsum(items) / len(items)
    return mean, fsum([(item - mean) ** 2 for item in items]) / len(items)


def ratio(part: float, whole: float) -> float:
    """0 of nothing: a price that does not move, a bar without volume."""
    return part / whole if whole != 0.0 else 0.0
