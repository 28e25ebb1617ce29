"""The last records of every series, in bounded memory, so that a subscription starts with them.

Kept as the records' own bytes and decoded when somebody asks. When all series together pass the byte budget, every series keeps fewer
records: many series get short histories, none gets none.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from gateway.series import Channel, Event, Placed
from schemas.codec import decode_bar, decode_indicators, decode_signal
from schemas.ticks import Quote, Trade

BUDGET_BYTES = 24 * 1024 * 1024  # leaves the process well below 120 MB
_OVERHEAD_BYTES = 200  # of one kept record, beside its value
_DECODERS: dict[Channel, Callable[[bytes], Event]] = {
    Channel.OHLCV: decode_bar,
    Channel.INDICATORS: decode_indicators,
    Channel.SIGNALS: decode_signal,
}


class _Kept(Struct, gc=False):
    value: bytes
    partition: int
    offset: int
    trace: str


class History:
    """Of one series: the last trade and quote, or the newest revision of each of the last bars, indicators or signals."""

    def __init__(self) -> None:
        self._ticks: dict[type, Placed] = {}
        self._records: dict[int, _Kept] = {}

    def add_tick(self, placed: Placed) -> None:
        self._ticks[type(placed.event)] = placed

    def add_record(self, placed: Placed, ts_open_ns: int, value: bytes) -> int:
        """Returns by how many bytes the history grew."""
        before = self._records.get(ts_open_ns)
        is_behind = before is None and self._records and ts_open_ns < next(reversed(self._records))
        self._records[ts_open_ns] = _Kept(value, placed.partition, placed.offset, placed.trace)
        if is_behind:
            self._records = dict(sorted(self._records.items()))
        return len(value) - len(before.value) if before else len(value) + _OVERHEAD_BYTES

    def trim(self, depth: int) -> int:
        """Forgets the oldest records beyond depth. Returns the bytes that became free."""
        freed = 0
        while len(self._records) > depth:
            kept = self._records.pop(next(iter(self._records)))
            freed += len(kept.value) + _OVERHEAD_BYTES
        return freed

    def items(self, channel: Channel, source: str, count: int) -> Iterator[Placed]:
        """The last `count` records, oldest first; of ticks the last trade and the last quote, whatever the count, unless it is 0.

        source: of the series; "" lets each record name its own.
        """
        if channel is Channel.TICKS:
            yield from sorted(self._ticks.values(), key=lambda placed: (placed.offset, placed.index)) if count else ()
            return
        decode = _DECODERS[channel]
        for kept in list(self._records.values())[len(self._records) - min(count, len(self._records)) :]:
            event = decode(kept.value)
            assert not isinstance(event, Trade | Quote)
            yield Placed(channel, source or event.source, event, kept.partition, kept.offset, 0, kept.trace)


class Memory:
    """All histories together: the depth that fits the budget."""

    def __init__(self, depth: int, budget_bytes: int = BUDGET_BYTES) -> None:
        self.depth = depth
        self.used_bytes = 0
        self._budget_bytes = budget_bytes
        self._histories: set[History] = set()

    def new_history(self) -> History:
        history = History()
        self._histories.add(history)
        return history

    def remember(self, history: History, placed: Placed, value: bytes) -> None:
        """value: the record's bytes; of a tick only the event is kept."""
        if isinstance(placed.event, Trade | Quote):
            history.add_tick(placed)
            return
        self.used_bytes += history.add_record(placed, placed.event.ts_open_ns, value) - history.trim(self.depth)
        while self.used_bytes > self._budget_bytes and self.depth > 1:
            self.depth = max(1, self.depth * 3 // 4)
            self.used_bytes -= sum(each.trim(self.depth) for each in self._histories)

    def forget(self, history: History) -> None:
        """The series is gone."""
        self._histories.discard(history)
        self.used_bytes -= history.trim(0)
