"""Money flow: volume by the place of the close in the bar, or by the direction of the price."""

from math import fsum

from processors.indicators.blocks import Window, ratio
from processors.indicators.spec import Ohlcv, State, Values

SAME = 1e-12  # typical prices nearer than this, as a fraction, are the same sum rounded in another order


def money_flow(bar: Ohlcv) -> float:
    """Volume by the close's place in the bar, -volume at the low to volume at the high; 0 in a bar without extent."""
    return ratio((bar.close - bar.low) - (bar.high - bar.close), bar.high - bar.low) * bar.volume


class AccumulationDistribution(State):
    """Chaikin's line."""

    total: float = 0.0

    def update(self, bar: Ohlcv) -> Values:
        self.total += money_flow(bar)
        return {"value": self.total}


class ChaikinOscillator(State):
    """Two exponential means of the accumulation line, seeded with its first value as in TA-Lib."""

    fast_period: int
    slow_period: int
    total: float = 0.0
    fast: float = 0.0
    slow: float = 0.0
    bars: int = 0

    def update(self, bar: Ohlcv) -> Values:
        self.total += money_flow(bar)
        self.bars += 1
        if self.bars == 1:
            self.fast = self.slow = self.total
        fast, slow = 2.0 / (self.fast_period + 1), 2.0 / (self.slow_period + 1)
        self.fast = fast * self.total + (1.0 - fast) * self.fast
        self.slow = slow * self.total + (1.0 - slow) * self.slow
        return {"value": self.fast - self.slow} if self.bars >= self.slow_period else {}


class ChaikinMoneyFlow(State):
    """Money flow over volume."""

    flows: Window
    volumes: Window

    def update(self, bar: Ohlcv) -> Values:
        self.flows.push(money_flow(bar))
        if not self.volumes.push(bar.volume):
            return {}
        return {"value": ratio(fsum(self.flows.items), fsum(self.volumes.items))}


class MoneyFlowIndex(State):
    """Quong's and Soudack's: the RSI's idea on typical price times volume. flows: signed by the price's direction."""

    flows: Window
    previous: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        price = (bar.high + bar.low + bar.close) / 3.0
        previous, self.previous = self.previous, price
        if previous is None:
            return {}
        flow = price * bar.volume
        if abs(price - previous) <= SAME * price:
            flow = 0.0
        if not self.flows.push(flow if price > previous else -flow):
            return {}
        gained, lost = (fsum([max(0.0, sign * flow) for flow in self.flows.items]) for sign in (1.0, -1.0))
        return {"value": 100.0 * ratio(gained, gained + lost)}


Kinds = AccumulationDistribution | ChaikinOscillator | ChaikinMoneyFlow | MoneyFlowIndex
