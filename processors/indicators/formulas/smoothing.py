"""Exponential moving averages of the close and what is made of them."""

from itertools import pairwise

from processors.indicators.blocks import Chain, Ema, Wilder, Window, ratio
from processors.indicators.spec import Ohlcv, State, Values, one

_FASTEST, _SLOWEST = 2.0 / 3.0, 2.0 / 31.0  # Kaufman's: the means of 2 and 30 bars


class ExponentialMean(State):
    """EMA."""

    mean: Ema

    def update(self, bar: Ohlcv) -> Values:
        return one(self.mean.push(bar.close))


class WilderMean(State):
    """RMA, also called SMMA."""

    mean: Wilder

    def update(self, bar: Ohlcv) -> Values:
        return one(self.mean.push(bar.close))


class Dema(State):
    """Double."""

    means: Chain

    def update(self, bar: Ohlcv) -> Values:
        if not (values := self.means.push(bar.close)):
            return {}
        first, second = values
        return {"value": 2.0 * first - second}


class Tema(State):
    """Triple."""

    means: Chain

    def update(self, bar: Ohlcv) -> Values:
        if not (values := self.means.push(bar.close)):
            return {}
        first, second, third = values
        return {"value": 3.0 * first - 3.0 * second + third}


class T3(State):
    """Tillson's: a generalised double mean, three times over."""

    means: Chain
    factor: float

    def update(self, bar: Ohlcv) -> Values:
        if not (values := self.means.push(bar.close)):
            return {}
        _, _, third, fourth, fifth, sixth = values
        v = self.factor
        square, cube = v * v, v * v * v
        weights = (-cube, 3 * square + 3 * cube, -6 * square - 3 * v - 3 * cube, 1 + 3 * v + cube + 3 * square)
        return {"value": weights[0] * sixth + weights[1] * fifth + weights[2] * fourth + weights[3] * third}


class Zlema(State):
    """Zero lag: the mean of closes that are carried on by what they gained over half the period."""

    closes: Window
    mean: Ema

    @classmethod
    def of(cls, period: int) -> "Zlema":
        return cls(Window((period - 1) // 2 + 1), Ema(period))

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        return one(self.mean.push(2.0 * bar.close - self.closes.items[0]))


class Kama(State):
    """Kaufman's adaptive: as fast as the price goes straight. closes: the last period + 1; value: the mean, None until they are there."""

    closes: Window
    value: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        items = self.closes.items
        path = sum(abs(after - before) for before, after in pairwise(items))
        efficiency = min(1.0, abs(items[-1] - items[0]) / path) if path else 1.0
        smoothing = (efficiency * (_FASTEST - _SLOWEST) + _SLOWEST) ** 2
        before = items[-2] if self.value is None else self.value
        self.value = (bar.close - before) * smoothing + before
        return {"value": self.value}


class Trix(State):
    """One-bar change of a triple exponential mean in percent."""

    means: Chain
    before: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        if not (values := self.means.push(bar.close)):
            return {}
        before, self.before = self.before, values[-1]
        return {} if before is None else {"value": ratio(values[-1] - before, before) * 100.0}


Kinds = ExponentialMean | WilderMean | Dema | Tema | T3 | Zlema | Kama | Trix
