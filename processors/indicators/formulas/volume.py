"""Volume: cumulative lines keep their base in the state; money flow over a window."""

from math import fsum

from processors.indicators.blocks import Ema, Sma, Window, ratio
from processors.indicators.spec import Ohlcv, State, Values, one

_MINUTE_NS = 60_000_000_000


class OnBalanceVolume(State):
    """Granville's. total begins with the first bar's volume, as in TA-Lib."""

    total: float = 0.0
    previous: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        previous, self.previous = self.previous, bar.close
        if previous is None or bar.close > previous:
            self.total += bar.volume
        elif bar.close < previous:
            self.total -= bar.volume
        return {"value": self.total}


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
        if not self.flows.push(flow if price > previous else -flow if price < previous else 0.0):
            return {}
        gained, lost = (fsum([max(0.0, sign * flow) for flow in self.flows.items]) for sign in (1.0, -1.0))
        return {"value": 100.0 * ratio(gained, gained + lost)}


class VolumeRateOfChange(State):
    """In percent; 0 after a bar without volume."""

    volumes: Window

    def update(self, bar: Ohlcv) -> Values:
        if not self.volumes.push(bar.volume):
            return {}
        before = self.volumes.items[0]
        return {"value": (bar.volume / before - 1.0) * 100.0 if before else 0.0}


class VolumeWeightedMean(State):
    """Mean of the closes with the volumes as weights; the plain mean where there is no volume."""

    closes: Window
    volumes: Window

    def update(self, bar: Ohlcv) -> Values:
        self.volumes.push(bar.volume)
        if not self.closes.push(bar.close):
            return {}
        closes, volumes = self.closes.items, self.volumes.items
        total = fsum(volumes)
        if not total:
            return {"value": fsum(closes) / len(closes)}
        return {"value": fsum([close * volume for close, volume in zip(closes, volumes, strict=True)]) / total}


class Vwap(State):
    """Volume weighted typical price since the session began. session: number of the session since 1970; it begins anew with each."""

    session_minutes: int
    session: int = -1
    turnover: float = 0.0
    volume: float = 0.0

    def update(self, bar: Ohlcv) -> Values:
        """The typical price itself while the session has no volume."""
        session = bar.ts_open_ns // (self.session_minutes * _MINUTE_NS)
        if session != self.session:
            self.session, self.turnover, self.volume = session, 0.0, 0.0
        price = (bar.high + bar.low + bar.close) / 3.0
        self.turnover += price * bar.volume
        self.volume += bar.volume
        return {"value": self.turnover / self.volume if self.volume else price}


class PriceVolumeTrend(State):
    """Volume by relative change, summed up from 0 at the first bar."""

    total: float = 0.0
    previous: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        previous, self.previous = self.previous, bar.close
        if previous is not None:
            self.total += ratio(bar.close - previous, previous) * bar.volume
        return {"value": self.total}


class ForceIndex(State):
    """Elder's: change times volume, smoothed."""

    mean: Ema
    previous: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        previous, self.previous = self.previous, bar.close
        return {} if previous is None else one(self.mean.push((bar.close - previous) * bar.volume))


class RelativeVolume(State):
    """Volume over the mean of the bars before it; 0 where they had none."""

    mean: Sma
    before: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        before, self.before = self.before, self.mean.mean(bar.volume)
        return {} if before is None else {"value": ratio(bar.volume, before)}
