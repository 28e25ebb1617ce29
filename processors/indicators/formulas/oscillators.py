"""Oscillators of the bar's place in the range of the last bars."""

from math import fsum

from msgspec import Struct

from processors.indicators.blocks import Sma, Window, ratio
from processors.indicators.formulas.momentum import Rsi
from processors.indicators.spec import Ohlcv, State, Values

LEAST_RSI = 1e-6


class Place(Struct, array_like=True):
    """Where a number stands between the lowest and the highest of the last bars. least: a hundredth of a range this small is no range."""

    highs: Window
    lows: Window
    least: float = 0.0

    @classmethod
    def of(cls, period: int, least: float = 0.0) -> "Place":
        return cls(Window(period), Window(period), least)

    def push(self, high: float, low: float, close: float) -> float | None:
        """0 to 100; 0 in a range without extent, as TA-Lib says."""
        self.highs.push(high)
        if not self.lows.push(low):
            return None
        lowest, highest = min(self.lows.items), max(self.highs.items)
        unit = (highest - lowest) / 100.0
        return (close - lowest) / unit if unit > self.least else 0.0


class Stochastic(State):
    """Lane's slow stochastic."""

    place: Place
    k: Sma
    d: Sma

    @classmethod
    def of(cls, period: int, k: int, d: int) -> "Stochastic":
        return cls(Place.of(period), Sma(k), Sma(d))

    def update(self, bar: Ohlcv) -> Values:
        place = self.place.push(bar.high, bar.low, bar.close)
        k = self.k.mean(place) if place is not None else None
        d = self.d.mean(k) if k is not None else None
        return {} if k is None or d is None else {"k": k, "d": d}


class FastStochastic(State):
    """Lane's fast stochastic: k is not smoothed."""

    place: Place
    d: Sma

    def update(self, bar: Ohlcv) -> Values:
        k = self.place.push(bar.high, bar.low, bar.close)
        d = self.d.mean(k) if k is not None else None
        return {} if k is None or d is None else {"k": k, "d": d}


class StochasticRsi(State):
    """The fast stochastic of the RSI; 0 where the RSI stays within LEAST_RSI: the RSI of a price that stands still moves by its last bits."""

    rsi: Rsi
    place: Place
    d: Sma

    @classmethod
    def of(cls, period: int, k: int, d: int) -> "StochasticRsi":
        return cls(Rsi(period), Place.of(k, LEAST_RSI / 100.0), Sma(d))

    def update(self, bar: Ohlcv) -> Values:
        rsi = self.rsi.next(bar.close)
        k = self.place.push(rsi, rsi, rsi) if rsi is not None else None
        d = self.d.mean(k) if k is not None else None
        return {} if k is None or d is None else {"k": k, "d": d}


class WilliamsR(State):
    """-100 at the lowest, 0 at the highest."""

    highs: Window
    lows: Window

    def update(self, bar: Ohlcv) -> Values:
        self.highs.push(bar.high)
        if not self.lows.push(bar.low):
            return {}
        highest, lowest = max(self.highs.items), min(self.lows.items)
        return {"value": -100.0 * ratio(highest - bar.close, highest - lowest)}


class Cci(State):
    """Commodity channel index."""

    prices: Window

    def update(self, bar: Ohlcv) -> Values:
        price = (bar.high + bar.low + bar.close) / 3.0
        if not self.prices.push(price):
            return {}
        items = self.prices.items
        if min(items) == max(items):
            return {"value": 0.0}  # their mean may differ from them by a last bit, which would count as much as any move
        mean = fsum(items) / len(items)
        size = fsum([abs(item - mean) for item in items]) / len(items)
        return {"value": ratio(price - mean, 0.015 * size)}


class UltimateOscillator(State):
    """Buying pressure over true range, of three lengths. pressures, ranges: as long as the longest."""

    lengths: tuple[int, int, int]
    pressures: Window
    ranges: Window
    previous: float | None = None

    @classmethod
    def of(cls, short: int, middle: int, long: int) -> "UltimateOscillator":
        return cls((short, middle, long), Window(long), Window(long))

    def update(self, bar: Ohlcv) -> Values:
        previous, self.previous = self.previous, bar.close
        if previous is None:
            return {}
        low = min(bar.low, previous)
        self.pressures.push(bar.close - low)
        if not self.ranges.push(max(bar.high, previous) - low):
            return {}
        short, middle, long = (ratio(fsum(self.pressures.items[-length:]), fsum(self.ranges.items[-length:])) for length in self.lengths)
        return {"value": 100.0 * (4.0 * short + 2.0 * middle + long) / 7.0}


class BalanceOfPower(State):
    """-1 to 1: from open to close, of the whole range."""

    def update(self, bar: Ohlcv) -> Values:
        return {"value": ratio(bar.close - bar.open, bar.high - bar.low)}


class Detrended(State):
    """Detrended price oscillator: a close half a period back against the mean that is known now."""

    mean: Sma
    back: int

    def update(self, bar: Ohlcv) -> Values:
        mean = self.mean.mean(bar.close)
        return {} if mean is None else {"value": self.mean.items[-1 - self.back] - mean}


Kinds = Stochastic | FastStochastic | StochasticRsi | WilliamsR | Cci | UltimateOscillator | BalanceOfPower | Detrended
