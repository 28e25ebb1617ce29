"""Momentum of the close: rates of change, RSI and its kin."""

from itertools import pairwise

from processors.indicators.blocks import Window, ratio
from processors.indicators.spec import Ohlcv, State, Values

FLAT_RSI = 50.0  # of a price that never moved: neither gains nor losses outweigh, so nothing is overbought or oversold. (TA-Lib says 0, the requirements' own formula NaN.)


class Gains(State):
    """Wilder's averages of gains and losses, in TA-Lib's order of operations: their sums over the first `period` changes, from then on means."""

    period: int
    bars: int = 0
    previous: float = 0.0
    gain: float = 0.0
    loss: float = 0.0

    def push(self, close: float) -> bool:
        """True if there are averages. The first `period` changes are summed, then their sums become means."""
        change = close - self.previous
        self.previous = close
        self.bars += 1
        changes, period = self.bars - 1, self.period
        if changes == 0:
            return False
        if changes > period:
            self.gain *= period - 1
            self.loss *= period - 1
        if change < 0:
            self.loss -= change
        else:
            self.gain += change
        if changes < period:
            return False
        self.gain /= period
        self.loss /= period
        return True


class Rsi(Gains):
    """Relative strength index, 0 to 100. It keeps its value while a price that moved once stands still: gains and losses fade alike."""

    def update(self, bar: Ohlcv) -> Values:
        value = self.next(bar.close)
        return {} if value is None else {"value": value}

    def next(self, close: float) -> float | None:
        if not self.push(close):
            return None
        total = self.gain + self.loss
        return 100.0 * (self.gain / total) if total else FLAT_RSI


class Cmo(Gains):
    """Chande's oscillator, -100 to 100, with Wilder's averages as TA-Lib has them."""

    def update(self, bar: Ohlcv) -> Values:
        if not self.push(bar.close):
            return {}
        total = self.gain + self.loss
        return {"value": 100.0 * ((self.gain - self.loss) / total) if total else 0.0}


class Momentum(State):
    """Rate of change as a fraction. closes: the last period + 1."""

    closes: Window

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        before = self.closes.items[0]
        return {"value": ratio(bar.close - before, before)}


class Roc(State):
    """Rate of change in percent."""

    closes: Window

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        before = self.closes.items[0]
        return {"value": (bar.close / before - 1.0) * 100.0 if before else 0.0}


class Mom(State):
    """Change in the unit of the price."""

    closes: Window

    def update(self, bar: Ohlcv) -> Values:
        return {"value": bar.close - self.closes.items[0]} if self.closes.push(bar.close) else {}


class EfficiencyRatio(State):
    """Kaufman's: the change over the way."""

    closes: Window

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        items = self.closes.items
        path = sum(abs(after - before) for before, after in pairwise(items))
        return {"value": min(1.0, abs(items[-1] - items[0]) / path) if path else 1.0}


Kinds = Rsi | Cmo | Momentum | Roc | Mom | EfficiencyRatio
