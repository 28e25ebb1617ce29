"""Moving averages of the close over a window, and the centre of a range."""

from math import isqrt

from processors.indicators.blocks import Sma as Mean
from processors.indicators.blocks import Window
from processors.indicators.blocks import Wma as Weighted
from processors.indicators.spec import Ohlcv, State, Values, one


class Sma(State):
    """Simple."""

    mean: Mean

    def update(self, bar: Ohlcv) -> Values:
        return one(self.mean.mean(bar.close))


class Wma(State):
    """Linearly weighted."""

    mean: Weighted

    def update(self, bar: Ohlcv) -> Values:
        return one(self.mean.mean(bar.close))


class Trima(State):
    """Triangular: the simple mean of simple means, whose lengths add up to period + 1."""

    inner: Mean
    outer: Mean

    @classmethod
    def of(cls, period: int) -> "Trima":
        return cls(Mean((period + 1) // 2), Mean(period // 2 + 1))

    def update(self, bar: Ohlcv) -> Values:
        inner = self.inner.mean(bar.close)
        return one(self.outer.mean(inner)) if inner is not None else {}


class Hma(State):
    """Hull's: twice the mean of the newer half less the whole's, smoothed over the root of the period."""

    half: Weighted
    whole: Weighted
    smooth: Weighted

    @classmethod
    def of(cls, period: int) -> "Hma":
        return cls(Weighted(period // 2), Weighted(period), Weighted(isqrt(period)))

    def update(self, bar: Ohlcv) -> Values:
        half, whole = self.half.mean(bar.close), self.whole.mean(bar.close)
        if half is None or whole is None:
            return {}
        return one(self.smooth.mean(2.0 * half - whole))


class Midpoint(State):
    """Of the highest and the lowest close."""

    window: Window

    def update(self, bar: Ohlcv) -> Values:
        items = self.window.items
        return one((max(items) + min(items)) / 2.0) if self.window.push(bar.close) else {}


class Midprice(State):
    """Of the highest high and the lowest low."""

    highs: Window
    lows: Window

    @classmethod
    def of(cls, period: int) -> "Midprice":
        return cls(Window(period), Window(period))

    def update(self, bar: Ohlcv) -> Values:
        self.highs.push(bar.high)
        return one((max(self.highs.items) + min(self.lows.items)) / 2.0) if self.lows.push(bar.low) else {}


Kinds = Sma | Wma | Trima | Hma | Midpoint | Midprice
