"""The bars of one (symbol, source, timeframe): what follows from a new one, and what changes when an earlier one is corrected."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field

from processors.indicators.spec import Ohlcv, Values
from processors.indicators.streaming import States
from schemas.bars import Bar

HISTORY_BARS = 64  # as many as the bars stage corrects, if no setting says more


class PastBar(Struct, array_like=True):
    """What a record repeats of its bar, and what a correction needs of it.

    record_revision: of the record last emitted for it, -1 before the first. more: open, high, low and volume if an indicator reads one of them.
    """

    ts_open_ns: int
    ts_close_ns: int
    close: str
    bar_revision: int
    kind: str
    quality: float
    primary: bool
    primary_epoch: int
    record_revision: int = -1
    more: tuple[float, float, float, float] | None = None

    @classmethod
    def of(cls, bar: Bar, is_whole: bool, record_revision: int = -1) -> "PastBar":
        """is_whole: more than the close is kept."""
        more = (float(bar.open), float(bar.high), float(bar.low), float(bar.volume)) if is_whole else None
        return cls(
            bar.ts_open_ns,
            bar.ts_close_ns,
            bar.close,
            bar.revision,
            bar.kind,
            bar.quality,
            bar.primary,
            bar.primary_epoch,
            record_revision,
            more,
        )

    def numbers(self) -> Ohlcv:
        """As formulas read it; a bar of which only the close is kept is flat and has no volume."""
        close = float(self.close)
        open_, high, low, volume = self.more or (close, close, close, 0.0)
        return Ohlcv(open_, high, low, close, volume, self.ts_open_ns)


class Step(NamedTuple):
    """A bar, the outputs of each indicator at it, and its number in the series from 1."""

    bar: PastBar
    values: list[Values]
    seed_bars: int


class BarHistory(Struct, array_like=True):
    """base: the states before the oldest kept bar; bars: the last ones, oldest first; head: the states after the newest.

    Between base and bars lies everything that a correction needs: the states before any kept bar are computed again from base, which takes
    microseconds and keeps the stored state small (bars instead of states). head is stored too: it is what a new bar continues.
    begins_ns: bars that opened before it are no longer part of the series.
    """

    base: States
    head: States
    bars: list[PastBar] = field(default_factory=list)
    begins_ns: int = 0

    @classmethod
    def empty(cls, states: States) -> "BarHistory":
        return cls(states, states.copy())

    def take(self, bar: Bar, is_whole: bool = False, history_bars: int = HISTORY_BARS) -> Iterator[Step] | None:
        """The bar and all later ones with their values, oldest first, each with its record_revision raised: read it at once.

        An empty iterator for a bar that is already known in this revision or a later one; None for one that is older than the kept bars, if
        older ones were kept once.
        """
        bars = self.bars
        if bar.ts_open_ns < self.begins_ns:
            return None
        if not bars or bar.ts_open_ns > bars[-1].ts_open_ns:
            return self._append(PastBar.of(bar, is_whole), history_bars)
        at = bisect_left(bars, bar.ts_open_ns, key=_ts_open_ns)
        known = bars[at]
        if known.ts_open_ns == bar.ts_open_ns:
            if bar.revision <= known.bar_revision:
                return iter(())
            bars[at] = PastBar.of(bar, is_whole, known.record_revision)
        elif at == 0 and self.base.bars:
            return None
        else:
            bars.insert(at, PastBar.of(bar, is_whole))
        return self._again(at, history_bars)

    def _append(self, bar: PastBar, history_bars: int) -> Iterator[Step]:
        self.bars.append(bar)
        step = _step(bar, self.head)
        self._trim(history_bars)
        return iter((_emitted(step),))

    def _again(self, at: int, history_bars: int) -> Iterator[Step]:
        """Everything from the bar at this position on, computed again."""
        self.head = self.base.copy()
        steps = [_step(bar, self.head) for bar in self.bars][at:]
        self._trim(history_bars)
        return iter([_emitted(step) for step in steps])

    def _trim(self, history_bars: int) -> None:
        """Moves the base over bars that are too many."""
        while len(self.bars) > history_bars:
            self.base.update(self.bars.pop(0).numbers())

    def restart(self, empty: States, is_whole: bool) -> None:
        """Other indicators: computes the states of the kept bars from the oldest of them, which becomes the series' first.

        Bars of which only the close was kept cannot serve indicators that read more, and are forgotten.
        """
        kept = [bar for bar in self.bars if bar.more is not None or not is_whole]
        if len(kept) < len(self.bars):
            self.begins_ns = kept[0].ts_open_ns if kept else self.bars[-1].ts_open_ns + 1
        self.base, self.head, self.bars = empty, empty.copy(), kept
        for bar in kept:
            self.head.update(bar.numbers())


def _step(bar: PastBar, states: States) -> Step:
    return Step(bar, states.update(bar.numbers()), states.bars)


def _emitted(step: Step) -> Step:
    step.bar.record_revision += 1
    return step


def _ts_open_ns(bar: PastBar) -> int:
    return bar.ts_open_ns
