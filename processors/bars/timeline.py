"""The bars of one timeframe of one series: the open ones, and the closed ones that a late trade may still correct.

Of closed bars nearly none is looked at again, and as objects they take seven times their bytes: all but the newest are kept packed.
"""

from bisect import bisect_left, bisect_right, insort

import msgspec
from msgspec import Struct

from processors.bars.fold import NEVER_NS
from processors.bars.open_bar import OpenBar


class Times(Struct, array_like=True):
    """What is read of a packed bar without unpacking all of it."""

    ts_open_ns: int
    ts_close_ns: int


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(OpenBar).decode
_times = msgspec.msgpack.Decoder(Times).decode


class Timeline(Struct, array_like=True):
    """open: by ts_open_ns; several at once while the watermark has not passed their grace. closed: sorted by ts_open_ns, oldest first: the newest, and
    older ones that were looked at since `pack`. packed: all that are older than those, oldest first; there are none unless there is one in `closed`.

    first_ns: event time of the first trade, NEVER_NS before a bar closed: the bar that holds it was not observed whole.
    """

    open: dict[int, OpenBar] = {}
    closed: list[OpenBar] = []
    first_ns: int = NEVER_NS
    packed: list[bytes] = []

    @property
    def kept(self) -> int:
        """How many closed bars there are."""
        return len(self.packed) + len(self.closed)

    def oldest(self) -> Times:
        """Of the closed bars, of which there must be one."""
        if self.packed:
            return _times(self.packed[0])
        return Times(self.closed[0].ts_open_ns, self.closed[0].ts_close_ns)

    def pack(self) -> None:
        """Packs all closed bars but the newest. What was got from here before must not be changed any more."""
        if len(self.closed) > 1:
            self.packed += map(_pack, self.closed[:-1])
            del self.closed[:-1]

    def forget(self, number: int) -> None:
        """The oldest closed bars, so many."""
        if number > 0:
            in_closed = number - len(self.packed)
            del self.packed[:number]
            if in_closed > 0:
                del self.closed[:in_closed]

    def closed_bar(self, ts_open_ns: int) -> OpenBar | None:
        """The closed bar that begins there, if it is still kept."""
        self._reach(ts_open_ns)
        at = bisect_left(self.closed, ts_open_ns, key=_ts_open_ns)
        return self.closed[at] if at < len(self.closed) and self.closed[at].ts_open_ns == ts_open_ns else None

    def closed_after(self, ts_open_ns: int) -> list[OpenBar]:
        """The closed bars that begin later, oldest first."""
        return self.closed_from(ts_open_ns + 1)

    def closed_from(self, ts_open_ns: int) -> list[OpenBar]:
        """The closed bars that begin then or later, oldest first."""
        self._reach(ts_open_ns)
        return self.closed[bisect_left(self.closed, ts_open_ns, key=_ts_open_ns) :]

    def _reach(self, ts_ns: int) -> None:
        """Unpacks the closed bar that begins then or before, and all that follow it."""
        if not self.packed or self.closed[0].ts_open_ns <= ts_ns:
            return
        at = max(0, bisect_right(self.packed, ts_ns, key=_packed_open_ns) - 1)
        self.closed[:0] = map(_unpack, self.packed[at:])
        del self.packed[at:]

    def pop_due(self, closes_until_ns: int) -> list[OpenBar]:
        """Takes the open bars with ts_close_ns <= closes_until_ns out, oldest first."""
        due = sorted(ts_open_ns for ts_open_ns, bar in self.open.items() if bar.ts_close_ns <= closes_until_ns)
        return [self.open.pop(ts_open_ns) for ts_open_ns in due]

    def keep_closed(self, bar: OpenBar) -> None:
        self._reach(bar.ts_open_ns)
        insort(self.closed, bar, key=_ts_open_ns)

    def move_first(self, ts_event_ns: int) -> OpenBar | None:
        """The series turns out to begin at ts_event_ns or before. Returns the closed bar that was taken for its first one and no longer is."""
        former_ns = self.first_ns
        if ts_event_ns >= former_ns:
            return None
        self.first_ns = ts_event_ns
        self._reach(former_ns)
        at = bisect_left(self.closed, former_ns + 1, key=_ts_open_ns) - 1
        former = self.closed[at] if at >= 0 else None
        return former if former and former.holds(former_ns) and not former.holds(ts_event_ns) else None

    def next_close_ns(self) -> int:
        return min((bar.ts_close_ns for bar in self.open.values()), default=NEVER_NS)


def _ts_open_ns(bar: OpenBar) -> int:
    return bar.ts_open_ns


def _packed_open_ns(packed: bytes) -> int:
    return _times(packed).ts_open_ns
