"""Whose bars are the primary ones. Each interval has one primary bar: what the former source has closed stays its own, with all corrections of it.

A source that takes over has bars of its own for the time before: those of intervals that the former one has not closed, and never will or only when nobody
waits for them any more, are told again as the primary's.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from schemas.ticks import NewPrimary
from schemas.timeframes import Timeframe

MAX_REIGNS = 16  # that are remembered of a series and timeframe


class Reign(Struct, array_like=True):
    """From bars that begin at from_ns on."""

    from_ns: int
    primary: bool
    epoch: int


Reigns = dict[Timeframe, list[Reign]]


class Ruled(Protocol):
    """A series of bars, as far as this is concerned."""

    reigns: Reigns

    def closed_until_ns(self, timeframe: Timeframe) -> int: ...


def reign_at(reigns: Sequence[Reign], ts_open_ns: int, first: tuple[bool, int]) -> tuple[bool, int]:
    """(primary, epoch) of a bar. first: of the series when it began."""
    for reign in reversed(reigns):
        if ts_open_ns >= reign.from_ns:
            return reign.primary, reign.epoch
    return first


def boundary_ns(former: Ruled | None, timeframe: Timeframe) -> int:
    """From where on the next primary's bars count: behind the former one's last closed bar, and not before its own time."""
    if former is None:
        return 0
    own = former.reigns.get(timeframe)
    began_ns = own[-1].from_ns if own and own[-1].primary else 0
    return max(began_ns, former.closed_until_ns(timeframe))


def begin(series: Ruled, timeframe: Timeframe, from_ns: int, primary: bool, change: NewPrimary) -> None:
    """Notes a change in one series."""
    reigns = series.reigns.setdefault(timeframe, [])
    reigns.append(Reign(from_ns, primary, change.epoch))
    del reigns[:-MAX_REIGNS]
