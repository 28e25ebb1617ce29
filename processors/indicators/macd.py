"""Moving average convergence / divergence (Appel), as TA-Lib's MACD computes it, its seeding included.

TA-Lib's compiler fuses the multiplication and addition of a mean's step, Python does not: the last bit of a mean may differ.
"""

from msgspec import Struct


class Ema(Struct, array_like=True, gc=False):
    """Exponential mean with k = 2 / (period + 1), seeded with the simple mean of the first `period` values; value: their sum until then."""

    period: int
    seen: int = 0
    value: float = 0.0

    def update(self, x: float) -> None:
        self.seen += 1
        if self.seen > self.period:
            self.value = (x - self.value) * (2.0 / (self.period + 1)) + self.value
            return
        self.value += x
        if self.seen == self.period:
            self.value /= self.period

    @property
    def ready(self) -> bool:
        return self.seen >= self.period


class Macd(Struct, array_like=True, gc=False):
    """TA-Lib begins all three means as late as it can: the fast one is seeded with the closes that end where the slow one's seed ends, and the
    signal line with the first `signal.period` values of the line. The fast period is below the slow one: the settings see to it."""

    fast: Ema
    slow: Ema
    signal: Ema
    line: float = 0.0
    histogram: float | None = None
    previous_histogram: float | None = None

    @classmethod
    def of(cls, fast: int, slow: int, signal: int) -> "Macd":
        return cls(Ema(fast), Ema(slow), Ema(signal))

    def update(self, close: float) -> None:
        """O(1)."""
        self.slow.update(close)
        if self.slow.seen > self.slow.period - self.fast.period:
            self.fast.update(close)
        if not self.slow.ready:
            return
        self.line = self.fast.value - self.slow.value
        self.signal.update(self.line)
        if self.signal.ready:
            self.previous_histogram = self.histogram
            self.histogram = self.line - self.signal.value

    def values(self) -> dict[str, float]:
        """`macd`, `signal`, `histogram` from bar slow + signal - 1 on, and `previous_histogram` from the bar after that."""
        if self.histogram is None:
            return {}
        values = {"macd": self.line, "signal": self.signal.value, "histogram": self.histogram}
        if self.previous_histogram is not None:
            values["previous_histogram"] = self.previous_histogram
        return values
