"""State of one series of bars."""

from msgspec import Struct

from processors.bars.fold import NEVER_NS
from processors.bars.open_bar import Label
from processors.bars.reigns import Reigns, reign_at
from processors.bars.timeline import Timeline
from schemas.timeframes import Timeframe

HISTORY_BARS = 64  # closed 1m bars that a late trade may correct, if no setting says more: an hour of trading, far beyond what a reconnect takes to fill


class BarSeries(Struct, array_like=True):
    """State of one series. minutes: its 1m bars; longer: the others by timeframe.

    watermark_ns: the largest event time of its trades and of its source's watermark records; born_ns: the source's watermark when the series began. A
    source's watermark counts for a series once it has grown after that: a symbol that begins to trade late, in its own time, first gets bars from its trades.
    next_close_ns: at this watermark the next bar closes. forgotten_ns: bars that began before it were let go of.
    primary, primary_epoch: as the tick that began the series says: bars of an imported file do not take the place of a live feed's. reigns: what
    changed since then.
    """

    symbol: str
    source: str
    minutes: Timeline
    longer: dict[Timeframe, Timeline]
    born_ns: int = 0
    watermark_ns: int = 0
    next_close_ns: int = NEVER_NS
    forgotten_ns: int = 0
    primary: bool = True
    primary_epoch: int = 0
    reigns: Reigns = {}

    def timeline(self, timeframe: Timeframe) -> Timeline:
        return self.minutes if timeframe is Timeframe.M1 else self.longer[timeframe]

    @property
    def timeframes(self) -> tuple[Timeframe, ...]:
        return Timeframe.M1, *self.longer

    def closed_until_ns(self, timeframe: Timeframe) -> int:
        """Where its last closed bar ends, 0 before the first."""
        closed = self.timeline(timeframe).closed if timeframe in self.timeframes else []
        return closed[-1].ts_close_ns if closed else 0

    def label(self, timeframe: Timeframe, ts_open_ns: int) -> Label:
        """Of its bar that begins then."""
        reign = reign_at(self.reigns.get(timeframe, ()), ts_open_ns, (self.primary, self.primary_epoch))
        return Label(self.symbol, self.source, timeframe.value, *reign)

    def forget(self, history_bars: int, kept_longer: int) -> None:
        """Keeps the last history_bars closed 1m bars, and of the longer ones those that a trade of these minutes could still reach; kept_longer at least."""
        minutes = self.minutes
        minutes.forget(minutes.kept - history_bars)
        if minutes.kept >= history_bars:
            reach_ns = minutes.oldest().ts_open_ns
            self.forgotten_ns = max(self.forgotten_ns, reach_ns)
            for timeline in self.longer.values():
                while timeline.kept > kept_longer and timeline.oldest().ts_close_ns <= reach_ns:
                    timeline.forget(1)
        for timeframe in self.timeframes:
            self.timeline(timeframe).pack()
