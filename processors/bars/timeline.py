"""The bars of one timeframe of one series: the open ones, and the closed ones that a late trade may still correct."""

from bisect import bisect_left, insort

from msgspec import Struct

from processors.bars.fold import NEVER_NS
from processors.bars.open_bar import OpenBar


class Timeline(Struct, array_like=True):
    """open: by ts_open_ns; several at once while the watermark has not passed their grace. closed: sorted by ts_open_ns, oldest first.

    first_ns: event time of the first trade, NEVER_NS before a bar closed: the bar that holds it was not observed whole.
    """

    open: dict[int, OpenBar] = {}
    closed: list[OpenBar] = []
    first_ns: int = NEVER_NS

    def closed_bar(self, ts_open_ns: int) -> OpenBar | None:
        """The closed bar that begins there, if it is still kept."""
        at = bisect_left(self.closed, ts_open_ns, key=_ts_open_ns)
        return self.closed[at] if at < len(self.closed) and self.closed[at].ts_open_ns == ts_open_ns else None

    def closed_after(self, ts_open_ns: int) -> list[OpenBar]:
        """The closed bars that begin later, oldest first."""
        return self.closed[bisect_left(self.closed, ts_open_ns + 1, key=_ts_open_ns) :]

    def closed_from(self, ts_open_ns: int) -> list[OpenBar]:
        """The closed bars that begin then or later, oldest first."""
        return self.closed[bisect_left(self.closed, ts_open_ns, key=_ts_open_ns) :]

    def pop_due(self, closes_until_ns: int) -> list[OpenBar]:
        """Takes the open bars with ts_close_ns <= closes_until_ns out, oldest first."""
        due = sorted(ts_open_ns for ts_open_ns, bar in self.open.items() if bar.ts_close_ns <= closes_until_ns)
        return [self.open.pop(ts_open_ns) for ts_open_ns in due]

    def keep_closed(self, bar: OpenBar) -> None:
        insort(self.closed, bar, key=_ts_open_ns)

    def move_first(self, ts_event_ns: int) -> OpenBar | None:
        """The series turns out to begin at ts_event_ns or before. Returns the closed bar that was taken for its first one and no longer is."""
        former_ns = self.first_ns
        if ts_event_ns >= former_ns:
            return None
        self.first_ns = ts_event_ns
        at = bisect_left(self.closed, former_ns + 1, key=_ts_open_ns) - 1
        former = self.closed[at] if at >= 0 else None
        return former if former and former.holds(former_ns) and not former.holds(ts_event_ns) else None

    def next_close_ns(self) -> int:
        return min((bar.ts_close_ns for bar in self.open.values()), default=NEVER_NS)


def _ts_open_ns(bar: OpenBar) -> int:
    return bar.ts_open_ns
