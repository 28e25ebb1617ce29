"""Differences of two moving averages.

TA-Lib's compiler fuses the multiplication and addition of a mean's step, Python does not: the last bit of a mean may differ, and the difference
of two means carries that bit.
"""

from processors.indicators.blocks import Ema, Sma, ratio
from processors.indicators.spec import Ohlcv, State, Values


class Macd(State):
    """TA-Lib begins all three means as late as it can: the fast one is seeded with the closes that end where the slow one's seed ends, and the
    signal line with the first `signal.period` values of the line."""

    fast: Ema
    slow: Ema
    signal: Ema
    histogram: float | None = None

    @classmethod
    def of(cls, fast: int, slow: int, signal: int) -> "Macd":
        return cls(Ema(fast), Ema(slow), Ema(signal))

    def update(self, bar: Ohlcv) -> Values:
        """`previous_histogram` is absent at the first bar with a histogram."""
        slow = self.slow.push(bar.close)
        if self.slow.seen > self.slow.period - self.fast.period:
            self.fast.push(bar.close)
        if slow is None:
            return {}
        line = self.fast.value - slow
        signal = self.signal.push(line)
        if signal is None:
            return {}
        previous, self.histogram = self.histogram, line - signal
        values = {"macd": line, "signal": signal, "histogram": self.histogram}
        return values if previous is None else {**values, "previous_histogram": previous}


class Apo(State):
    """Absolute price oscillator."""

    fast: Ema
    slow: Ema

    def update(self, bar: Ohlcv) -> Values:
        fast, slow = self.fast.push(bar.close), self.slow.push(bar.close)
        return {} if fast is None or slow is None else {"value": fast - slow}


class Ppo(State):
    """Percentage price oscillator."""

    fast: Ema
    slow: Ema

    def update(self, bar: Ohlcv) -> Values:
        fast, slow = self.fast.push(bar.close), self.slow.push(bar.close)
        return {} if fast is None or slow is None else {"value": ratio(fast - slow, slow) * 100.0}


class Pvo(State):
    """Percentage volume oscillator."""

    fast: Ema
    slow: Ema

    def update(self, bar: Ohlcv) -> Values:
        fast, slow = self.fast.push(bar.volume), self.slow.push(bar.volume)
        return {} if fast is None or slow is None else {"value": ratio(fast - slow, slow) * 100.0}


class Awesome(State):
    """Bill Williams' oscillator of the bars' middles."""

    fast: Sma
    slow: Sma

    def update(self, bar: Ohlcv) -> Values:
        middle = (bar.high + bar.low) / 2.0
        fast, slow = self.fast.mean(middle), self.slow.mean(middle)
        return {} if fast is None or slow is None else {"value": fast - slow}


class Tsi(State):
    """True strength index: twice smoothed change over twice smoothed absolute change, in percent."""

    change: Ema
    change_again: Ema
    size: Ema
    size_again: Ema
    previous: float | None = None

    @classmethod
    def of(cls, first: int, second: int) -> "Tsi":
        return cls(Ema(first), Ema(second), Ema(first), Ema(second))

    def update(self, bar: Ohlcv) -> Values:
        previous, self.previous = self.previous, bar.close
        if previous is None:
            return {}
        change, size = self.change.push(bar.close - previous), self.size.push(abs(bar.close - previous))
        if change is None or size is None:
            return {}
        part, whole = self.change_again.push(change), self.size_again.push(size)
        return {} if part is None or whole is None else {"value": 100.0 * ratio(part, whole)}


Kinds = Macd | Apo | Ppo | Pvo | Awesome | Tsi
