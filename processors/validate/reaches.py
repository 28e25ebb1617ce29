"""Which sources live, as their watermarks in the log tell. Pure, and without a common clock.

Ingestors' clocks differ, by milliseconds between machines and by years between a replay and a live feed, so they are never compared with each other. A
source is lost once another source's own clock has moved on by `lost_ns` since the log last showed that the first one's event time moved.
"""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from schemas.sources import DEFAULT_PRIORITY

_CHECK_NS = 1_000_000_000  # of a source's clock, between two looks at the symbols that it shares
_MOST_DOUBLINGS = 5
_CALM = 10  # a break after so many settling times is a new one, not the same trouble again


NEVER_NS = 2**63 - 1


class SignOfLife(Protocol):
    """A watermark, or an offer of bars: the source's clock, and how far it has come by it."""

    @property
    def source(self) -> str: ...

    @property
    def ts_event_ns(self) -> int: ...

    @property
    def ts_ingest_ns(self) -> int: ...

    @property
    def priority(self) -> int: ...


class Reach(Struct, array_like=True):
    """One source. clock_ns, event_ns: of its newest watermark. checked_ns: its clock at the last look; moved_ns: when its event time last moved.

    seen: the other sources' clocks when its event time last moved. steady_ns, steady_event_ns: its clock and event time since when it
    moves without a break. breaks: how often it broke down again soon after it had come back. is_unsure: another one's clock began anew, and its event time has
    not moved since: it may have been lost for long.
    """

    priority: int = DEFAULT_PRIORITY
    clock_ns: int = 0
    event_ns: int = 0
    checked_ns: int = 0
    moved_ns: int = 0
    steady_ns: int = 0
    steady_event_ns: int = 0
    breaks: int = 0
    seen: dict[str, int] = {}
    is_unsure: bool = False


class Reaches(dict[str, Reach]):
    """By source."""

    def __init__(self, lost_ns: int, settle_ns: int) -> None:
        super().__init__()
        self._lost_ns = lost_ns
        self._settle_ns = settle_ns

    def hear(self, sign: SignOfLife) -> bool:
        """Takes note of one; True if it is time to look who is primary."""
        source, now_ns = sign.source, sign.ts_ingest_ns
        own = self.get(source)
        if own is None:
            own = self[source] = Reach(moved_ns=now_ns, steady_ns=now_ns, steady_event_ns=sign.ts_event_ns)
            self._begin(source, now_ns)
        elif now_ns < own.clock_ns:  # another ingestor's clock, or a second replay
            own.event_ns, own.checked_ns, own.moved_ns, own.steady_ns, own.steady_event_ns = 0, 0, now_ns, now_ns, sign.ts_event_ns
            self._begin(source, now_ns)
        elif now_ns - own.clock_ns > self._lost_ns:
            self._begin(source, now_ns)  # it was away itself: it cannot tell what became of the others meanwhile
        own.priority, own.clock_ns = sign.priority, now_ns
        if sign.ts_event_ns > own.event_ns:
            self._move(own, sign.ts_event_ns)
        if 0 < now_ns - own.checked_ns < _CHECK_NS:
            return False
        own.checked_ns = now_ns
        return True

    def _begin(self, source: str, now_ns: int) -> None:
        """What its clock says of the others begins here."""
        for name, other in self.items():
            other.seen[source] = now_ns
            other.is_unsure = other.is_unsure or name != source

    def _move(self, own: Reach, ts_event_ns: int) -> None:
        now_ns = own.clock_ns
        if now_ns - own.moved_ns > self._lost_ns:
            again_soon = own.moved_ns - own.steady_ns < _CALM * self._settle_ns
            own.breaks = min(own.breaks + 1, _MOST_DOUBLINGS) if again_soon else 0
            own.steady_ns, own.steady_event_ns = now_ns, ts_event_ns
        own.event_ns, own.moved_ns, own.is_unsure = ts_event_ns, now_ns, False
        for other, reach in self.items():
            own.seen[other] = reach.clock_ns

    def is_lost(self, source: str, among: Iterable[str]) -> bool:
        """By the clocks of these sources, those of one symbol: a replay of others may run at any speed. True too for one that never gave a sign."""
        return self.away_ns(source, among) > self._lost_ns

    def away_ns(self, source: str, among: Iterable[str]) -> int:
        """How long its event time has not moved, by the clock of these sources that has gone on most; NEVER_NS for one that never gave a sign."""
        own = self.get(source)
        if own is None:
            return NEVER_NS
        return max((self[other].clock_ns - own.seen.get(other, 0) for other in among if other != source and other in self), default=0)

    def is_settled(self, source: str, heard_ns: int) -> bool:
        """A source that surely lives has done so for long enough, and sent a tick of the symbol (event time of the newest: heard_ns) since it came back."""
        own = self[source]
        return not own.is_unsure and own.clock_ns - own.steady_ns >= self._settle_ns * 2**own.breaks and heard_ns >= own.steady_event_ns
