"""The last records of every series, in bounded memory, so that a subscription starts with them.

Kept as the records' own bytes and decoded when somebody asks. When all series together pass the byte budget, every series keeps fewer
records: many series get short histories, none gets none.
"""

from collections.abc import Iterator
from typing import Any

from gateway.records import event_of
from gateway.series import Event, Placed
from runtime import metrics
from schemas.codec import DecodeError
from schemas.reasons import Reason

BUDGET_BYTES = 24 * 1024 * 1024  # leaves the process well below 120 MB
_OVERHEAD_BYTES = 200  # of one kept record, beside its value


def _order(item: tuple[Any, Placed]) -> Any:
    return item[0]


class History:
    """Of one series: the last trade and quote, or the newest state of each of the last bars, indicators, signals, gaps."""

    def __init__(self) -> None:
        self._events: dict[type, tuple[Placed, Event]] = {}
        self._records: dict[int | str, Placed] = {}

    def add_event(self, placed: Placed, event: Event) -> None:
        """One that has no record of its own; the last of each kind is kept."""
        self._events[type(event)] = (placed, event)

    def add_record(self, placed: Placed) -> int:
        """Returns by how many bytes the history grew."""
        order = placed.order
        if isinstance(order, str):  # a name: what changed last stands last
            before = self._records.pop(order, None)
            self._records[order] = placed
        else:
            before = self._records.get(order)
            newest: Any = next(reversed(self._records), order)
            self._records[order] = placed
            if before is None and order < newest:
                self._records = dict(sorted(self._records.items(), key=_order))
        return len(placed.value) - len(before.value) if before else len(placed.value) + _OVERHEAD_BYTES

    def trim(self, depth: int) -> int:
        """Forgets the oldest records beyond depth. Returns the bytes that became free."""
        freed = 0
        while len(self._records) > depth:
            placed = self._records.pop(next(iter(self._records)))
            freed += len(placed.value) + _OVERHEAD_BYTES
        return freed

    def items(self, count: int) -> Iterator[tuple[Placed, Event]]:
        """The last `count` records, oldest first; of ticks the last trade and the last quote, whatever the count, unless it is 0."""
        if count:
            yield from sorted(self._events.values(), key=lambda pair: (pair[0].offset, pair[0].index))
        for placed in list(self._records.values())[len(self._records) - min(count, len(self._records)) :]:
            try:
                yield placed, event_of(placed)
            except DecodeError:  # its head was read, the rest cannot be
                metrics.DROPPED.labels("gateway", Reason.INVALID_SCHEMA).inc()


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

    def remember(self, history: History, placed: Placed, event: Event | None) -> None:
        """A record is kept by its bytes; what has none (ticks, summaries) by its event."""
        if not placed.value:
            if event is not None:
                history.add_event(placed, event)
            return
        self.used_bytes += history.add_record(placed) - history.trim(self.depth)
        while self.used_bytes > self._budget_bytes and self.depth > 1:
            self.depth = max(1, self.depth * 3 // 4)
            self.used_bytes -= sum(each.trim(self.depth) for each in self._histories)

    def forget(self, history: History) -> None:
        """The series is gone."""
        self._histories.discard(history)
        self.used_bytes -= history.trim(0)
