"""True range, its mean, and channels whose width it gives."""

from processors.indicators.blocks import Ema, Sma, Wilder, Window, ratio
from processors.indicators.spec import Ohlcv, State, Values, one


def true_range(bar: Ohlcv, previous_close: float) -> float:
    """The bar's range, the close before it included."""
    return max(bar.high - bar.low, abs(bar.high - previous_close), abs(bar.low - previous_close))


class TrueRange(State):
    """Wilder's. previous: the last close."""

    previous: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        return one(self.next(bar))

    def next(self, bar: Ohlcv) -> float | None:
        previous, self.previous = self.previous, bar.close
        return None if previous is None else true_range(bar, previous)


class Atr(State):
    """Average true range."""

    range: TrueRange
    mean: Wilder

    @classmethod
    def of(cls, period: int) -> "Atr":
        return cls(TrueRange(), Wilder(period))

    def update(self, bar: Ohlcv) -> Values:
        return one(self.next(bar))

    def next(self, bar: Ohlcv) -> float | None:
        span = self.range.next(bar)
        return None if span is None else self.mean.push(span)


class Natr(State):
    """Average true range in percent of the close."""

    atr: Atr

    def update(self, bar: Ohlcv) -> Values:
        atr = self.atr.next(bar)
        return {} if atr is None else {"value": 100.0 * ratio(atr, bar.close)}


class MeanRange(State):
    """Mean of high less low."""

    mean: Sma

    def update(self, bar: Ohlcv) -> Values:
        return one(self.mean.mean(bar.high - bar.low))


class Donchian(State):
    """Channel of the highest high and the lowest low."""

    highs: Window
    lows: Window

    def update(self, bar: Ohlcv) -> Values:
        self.highs.push(bar.high)
        if not self.lows.push(bar.low):
            return {}
        upper, lower = max(self.highs.items), min(self.lows.items)
        return {"upper": upper, "middle": (upper + lower) / 2.0, "lower": lower}


class Keltner(State):
    """Average true ranges around an exponential mean of typical prices."""

    mean: Ema
    atr: Atr
    factor: float

    def update(self, bar: Ohlcv) -> Values:
        middle, atr = self.mean.push((bar.high + bar.low + bar.close) / 3.0), self.atr.next(bar)
        if middle is None or atr is None:
            return {}
        return {"upper": middle + self.factor * atr, "middle": middle, "lower": middle - self.factor * atr}


class Supertrend(State):
    """Bands of average true ranges that follow the price and turn when it closes beyond them. previous: the last close."""

    atr: Atr
    factor: float
    upper: float | None = None
    lower: float = 0.0
    previous: float = 0.0
    trend: float = 1.0

    def update(self, bar: Ohlcv) -> Values:
        atr = self.atr.next(bar)
        previous, self.previous = self.previous, bar.close
        if atr is None:
            return {}
        middle = (bar.high + bar.low) / 2.0
        self._move(middle + self.factor * atr, middle - self.factor * atr, previous)
        upper, lower = self.upper or 0.0, self.lower
        if bar.close < lower if self.trend > 0 else bar.close > upper:
            self.trend = -self.trend
        return {"value": lower if self.trend > 0 else upper, "trend": self.trend}

    def _move(self, upper: float, lower: float, previous: float) -> None:
        """A band comes nearer, and goes away only when the close before was beyond it."""
        if self.upper is None:
            self.upper, self.lower = upper, lower
            return
        if upper < self.upper or previous > self.upper:
            self.upper = upper
        if lower > self.lower or previous < self.lower:
            self.lower = lower


Kinds = TrueRange | Atr | Natr | MeanRange | Donchian | Keltner | Supertrend
