"""Bars that a provider left out: a gap on market.gaps where the calendar wants some, and its end when they came after all."""

from msgspec import Struct

from schemas.bars import Bar
from schemas.gaps import Gap, GapCause, GapState

MAX_HOLES = 16  # of a series; the oldest is given up


class BarHole(Struct, array_like=True):
    """From the end of the bar before to the start of the one after. missing: where the absent bars begin, sorted; size: how many there were."""

    from_ns: int
    to_ns: int
    size: int
    missing: list[int]
    cause: GapCause

    def take(self, bar: Bar) -> bool:
        """A bar that came late. True if it was the last that was missing."""
        before = len(self.missing)
        self.missing = [opens for opens in self.missing if not bar.ts_open_ns <= opens < bar.ts_close_ns]
        return before > 0 and not self.missing

    def event(self, bar: Bar, state: GapState) -> Gap:
        """What `bar` made known. Bars have no numbers: ids are 0, and the times name the hole."""
        return Gap(
            gap_id=f"{bar.source}:{bar.symbol}:bar:{bar.timeframe}:{self.from_ns}:{self.to_ns}",
            symbol=bar.symbol,
            source=bar.source,
            channel="bar",
            cause=self.cause,
            state=state,
            from_id=0,
            to_id=0,
            from_ns=self.from_ns,
            to_ns=self.to_ns,
            size=self.size,
            filled=self.size - len(self.missing),
            known_at_ns=bar.known_at_ns,
        )


def open_hole(holes: list[BarHole], hole: BarHole, bar: Bar) -> list[Gap]:
    """Beyond MAX_HOLES the oldest one is given up."""
    holes.append(hole)
    events = [hole.event(bar, "open")]
    if len(holes) > MAX_HOLES:
        given_up = holes.pop(0)
        events.append(given_up.event(bar, "partial" if len(given_up.missing) < given_up.size else "unfillable"))
    return events


def fill_holes(holes: list[BarHole], bar: Bar) -> list[Gap]:
    """A bar older than the newest: the holes that it closes."""
    full = [hole for hole in holes if hole.take(bar)]
    for hole in full:
        holes.remove(hole)
    return [hole.event(bar, "filled") for hole in full]
