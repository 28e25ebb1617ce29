"""Relative strength index (Wilder 1978), in the order of operations of TA-Lib's RSI."""

from msgspec import Struct

# TA-Lib takes a smaller sum of averages for zero and answers 0: so does a series that does not move. Absolute, whatever the price.
_ZERO = 1e-14


class Rsi(Struct, array_like=True, gc=False):
    """gain, loss: sums of the first `period` changes, from then on Wilder's averages. bars: closes so far."""

    period: int
    bars: int = 0
    previous: float = 0.0
    gain: float = 0.0
    loss: float = 0.0

    def update(self, close: float) -> None:
        """O(1). The first `period` changes are summed, then their sums become means."""
        change = close - self.previous
        self.previous = close
        self.bars += 1
        changes, period = self.bars - 1, self.period
        if changes == 0:
            return
        if changes > period:
            self.gain *= period - 1
            self.loss *= period - 1
        if change < 0:
            self.loss -= change
        else:
            self.gain += change
        if changes >= period:
            self.gain /= period
            self.loss /= period

    def values(self) -> dict[str, float]:
        """`value`, 0 to 100, from bar period + 1 on."""
        if self.bars <= self.period:
            return {}
        total = self.gain + self.loss
        return {"value": 0.0 if -_ZERO < total < _ZERO else 100.0 * (self.gain / total)}
