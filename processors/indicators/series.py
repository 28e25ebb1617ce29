"""The bars of one (symbol, source, timeframe): what follows from a new one, and what changes when an earlier one is corrected."""

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct, field

from processors.indicators.streaming import States
from schemas.bars import Bar

HISTORY_BARS = 64  # as many as the bars stage corrects


class PastBar(Struct, array_like=True):
    """What a record repeats of its bar. record_revision: of the record last emitted for it, -1 before the first."""

    ts_open_ns: int
    ts_close_ns: int
    close: str
    bar_revision: int
    kind: str
    quality: float
    primary: bool
    primary_epoch: int
    record_revision: int = -1

    @classmethod
    def of(cls, bar: Bar, record_revision: int = -1) -> "PastBar":
        return cls(
            bar.ts_open_ns, bar.ts_close_ns, bar.close, bar.revision, bar.kind, bar.quality, bar.primary, bar.primary_epoch, record_revision
        )


class Step(Struct):
    """A bar and the states after it."""

    bar: PastBar
    states: States


class BarHistory(Struct, array_like=True):
    """base: the states before the oldest kept bar; bars: the last HISTORY_BARS, oldest first; head: the states after the newest.

    Between base and bars lies everything that a correction needs: the states before any kept bar are computed again from base, which takes
    microseconds and keeps the stored state small (64 closes instead of 64 states). head is stored too: it is what a new bar continues.
    """

    base: States
    head: States
    bars: list[PastBar] = field(default_factory=list)

    @classmethod
    def empty(cls, states: States) -> "BarHistory":
        return cls(states, states.copy())

    def take(self, bar: Bar) -> Iterator[Step] | None:
        """The bar and all later ones with their states, oldest first, each with its record_revision raised: read it at once.

        An empty iterator for a bar that is already known in this revision or a later one; None for one that is older than the kept bars, if
        older ones were kept once.
        """
        bars = self.bars
        if not bars or bar.ts_open_ns > bars[-1].ts_open_ns:
            return self._append(PastBar.of(bar))
        at = bisect_left(bars, bar.ts_open_ns, key=_ts_open_ns)
        known = bars[at]
        if known.ts_open_ns == bar.ts_open_ns:
            if bar.revision <= known.bar_revision:
                return iter(())
            bars[at] = PastBar.of(bar, known.record_revision)
        elif at == 0 and self.base.bars:
            return None
        else:
            bars.insert(at, PastBar.of(bar))
        return self._again(at)

    def _append(self, bar: PastBar) -> Iterator[Step]:
        self.bars.append(bar)
        self.head.update(float(bar.close))
        self._trim()
        return iter((_emission(bar, self.head),))

    def _again(self, at: int) -> Iterator[Step]:
        """Everything from the bar at this position on, computed again."""
        states = self.base.copy()
        steps = []
        for index, bar in enumerate(self.bars):
            states.update(float(bar.close))
            if index >= at:
                steps.append(_emission(bar, states.copy()))
        self.head = states
        self._trim()
        return iter(steps)

    def _trim(self) -> None:
        """Moves the base over bars that are too many."""
        while len(self.bars) > HISTORY_BARS:
            self.base.update(float(self.bars.pop(0).close))

    def restart(self, empty: States) -> None:
        """The parameters have changed: computes the states of the kept bars from the oldest of them, which becomes the series' first."""
        self.base = empty
        self.head = empty.copy()
        for bar in self.bars:
            self.head.update(float(bar.close))


def _emission(bar: PastBar, states: States) -> Step:
    bar.record_revision += 1
    return Step(bar, states)


def _ts_open_ns(bar: PastBar) -> int:
    return bar.ts_open_ns
