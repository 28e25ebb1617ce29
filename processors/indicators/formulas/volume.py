"""Volume, and prices weighted with it; cumulative lines keep their base in the state."""

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


Kinds = OnBalanceVolume | VolumeRateOfChange | VolumeWeightedMean | Vwap | PriceVolumeTrend | ForceIndex | RelativeVolume
