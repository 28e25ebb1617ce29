"""Direction and turns of a trend from highs and lows."""

from math import fsum
from typing import Literal

from processors.indicators.blocks import Wilder, Window, ratio
from processors.indicators.formulas.ranges import true_range
from processors.indicators.spec import Ohlcv, State, Values

_ZERO = 1e-14  # TA-Lib takes less for nothing


class Adx(State):
    """Wilder's directional movement. plus, minus, span: his sums of directional movement and true range; adx: their sum, then the mean."""

    period: int
    seen: int = 0
    before: tuple[float, float, float] = (0.0, 0.0, 0.0)
    plus: float = 0.0
    minus: float = 0.0
    span: float = 0.0
    adx: Wilder | None = None

    def update(self, bar: Ohlcv) -> Values:
        """`plus_di` and `minus_di` from bar period + 1 on, `adx` from bar 2 * period on."""
        before, self.before = self.before, (bar.high, bar.low, bar.close)
        self.seen += 1
        if self.seen == 1:
            return {}
        self._add(bar, *before)
        return self._values() if self.seen > self.period else {}

    def _add(self, bar: Ohlcv, high: float, low: float, close: float) -> None:
        """The first period - 1 are summed; from then on a period's part of the sum goes out for each that comes in."""
        if self.seen > self.period:
            self.plus -= self.plus / self.period
            self.minus -= self.minus / self.period
            self.span -= self.span / self.period
        up, down = bar.high - high, low - bar.low
        if down > 0 and up < down:
            self.minus += down
        elif up > 0 and up > down:
            self.plus += up
        self.span += true_range(bar, close)

    def _values(self) -> Values:
        moved = self.span > _ZERO
        plus, minus = (100.0 * (part / self.span) if moved else 0.0 for part in (self.plus, self.minus))
        values = {"plus_di": plus, "minus_di": minus}
        mean = self._mean(100.0 * (abs(minus - plus) / (minus + plus)) if minus + plus > _ZERO else None)
        return values if mean is None else {"adx": mean, **values}

    def _mean(self, dx: float | None) -> float | None:
        """Without movement there is no index: it counts as 0 while the mean is seeded, and leaves it as it is later."""
        if self.adx is None:
            self.adx = Wilder(self.period)
        if dx is None and self.adx.seen >= self.period:
            return self.adx.value
        return self.adx.push(dx or 0.0)


class Aroon(State):
    """How long ago the highest high and the lowest low of the last period + 1 bars were; the newest of equal ones counts."""

    highs: Window
    lows: Window

    @classmethod
    def of(cls, period: int) -> "Aroon":
        return cls(Window(period + 1), Window(period + 1))

    def update(self, bar: Ohlcv) -> Values:
        self.highs.push(bar.high)
        if not self.lows.push(bar.low):
            return {}
        highs, lows = self.highs.items, self.lows.items
        last = len(highs) - 1
        up = 100.0 / last * (last - highs[::-1].index(max(highs)))
        down = 100.0 / last * (last - lows[::-1].index(min(lows)))
        return {"down": down, "up": up, "oscillator": up - down}


class Vortex(State):
    """Botes' and Siepman's: upward and downward movement over true range."""

    plus: Window
    minus: Window
    ranges: Window
    before: tuple[float, float, float] | None = None

    @classmethod
    def of(cls, period: int) -> "Vortex":
        return cls(Window(period), Window(period), Window(period))

    def update(self, bar: Ohlcv) -> Values:
        before, self.before = self.before, (bar.high, bar.low, bar.close)
        if before is None:
            return {}
        high, low, close = before
        self.plus.push(abs(bar.high - low))
        self.minus.push(abs(bar.low - high))
        if not self.ranges.push(true_range(bar, close)):
            return {}
        span = fsum(self.ranges.items)
        return {"plus": ratio(fsum(self.plus.items), span), "minus": ratio(fsum(self.minus.items), span)}


class Sar(State):
    """Wilder's parabolic stop and reverse. trend: 0 before the second bar; extreme: the furthest price of the trend; stop: for the next bar."""

    acceleration: float
    maximum: float
    trend: Literal[-1, 0, 1] = 0
    step: float = 0.0
    extreme: float = 0.0
    stop: float = 0.0
    high: float = 0.0
    low: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        high, low = self.high, self.low
        self.high, self.low = bar.high, bar.low
        if low is None:
            return {}
        if self.trend == 0:
            self._begin(bar, high, low)
            high, low = bar.high, bar.low  # TA-Lib looks twice at the second bar
        value = self._turned(bar, high, low) if self._is_hit(bar) else self._followed(bar, high, low)
        return {"value": value}

    def _begin(self, bar: Ohlcv, high: float, low: float) -> None:
        """Down if the second bar's downward movement is the larger one; the first stop is the first bar's other end."""
        down, up = low - bar.low, bar.high - high
        self.trend = -1 if down > 0 and up < down else 1
        self.step = self.acceleration
        self.extreme, self.stop = (bar.high, low) if self.trend > 0 else (bar.low, high)

    def _is_hit(self, bar: Ohlcv) -> bool:
        return bar.low <= self.stop if self.trend > 0 else bar.high >= self.stop

    def _turned(self, bar: Ohlcv, high: float, low: float) -> float:
        """The extreme becomes the stop, on the far side of this bar and the one before."""
        self.trend = -1 if self.trend > 0 else 1
        value = self._beyond(bar, high, low, self.extreme)
        self.step = self.acceleration
        self.extreme = bar.high if self.trend > 0 else bar.low
        self.stop = self._beyond(bar, high, low, value + self.step * (self.extreme - value))
        return value

    def _followed(self, bar: Ohlcv, high: float, low: float) -> float:
        value, reached = self.stop, bar.high if self.trend > 0 else bar.low
        if (reached > self.extreme) if self.trend > 0 else (reached < self.extreme):
            self.extreme = reached
            self.step = min(self.step + self.acceleration, self.maximum)
        self.stop = self._beyond(bar, high, low, value + self.step * (self.extreme - value))
        return value

    def _beyond(self, bar: Ohlcv, high: float, low: float, stop: float) -> float:
        """Below both bars while the trend goes up, above both while it goes down."""
        return min(stop, low, bar.low) if self.trend > 0 else max(stop, high, bar.high)


Kinds = Adx | Aroon | Vortex | Sar
