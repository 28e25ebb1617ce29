"""The newest records of every partition, in bounded memory: what a client that comes back has missed, if it was not away for long."""

from collections import deque
from collections.abc import Iterable, Iterator

from gateway.series import CHANNELS, TRAITS
from runtime.errors import InvalidRecord
from runtime.records import is_repeat
from runtime.stage import InputRecord
from schemas.identity import SeenIdentities
from schemas.topics import Topic

KEPT_TOPICS = tuple(topic for topic, channel in CHANNELS.items() if not TRAITS[channel].is_state)  # of states only the newest counts
_OVERHEAD_BYTES = 600  # of one record, beside its value
LARGEST_READ_BYTES = 12 * 1024 * 1024  # beyond the budget, for the seconds in which somebody reads back


def bytes_of(record: InputRecord) -> int:
    """What it takes in memory, about."""
    return len(record.value) + _OVERHEAD_BYTES


class Ring:
    """Of one partition: its records without repeats and watermarks. Complete from the offset `first` on, up to `end` (exclusive)."""

    def __init__(self, budget_bytes: int) -> None:
        self.first = 0
        self.end = 0
        self._records: deque[InputRecord] = deque()
        self._budget_bytes = budget_bytes
        self._used_bytes = 0
        self._holds = 0

    def hold(self) -> None:
        """Until as many calls of `release`: the ring forgets little, so that what is read to stand before it meets it, and can be taken out in turn."""
        self._holds += 1

    def release(self) -> None:
        self._holds -= 1
        self._trim()

    def reach(self, offset: int) -> None:
        """The record at this offset was read, whether or not it is kept."""
        if not self.end:
            self.first = offset
        self.end = offset + 1

    def add(self, record: InputRecord) -> None:
        """Keeps it; forgets the oldest beyond the budget."""
        self._records.append(record)
        self._used_bytes += bytes_of(record)
        self._trim()

    def _trim(self) -> None:
        limit = self._budget_bytes + (LARGEST_READ_BYTES if self._holds else 0)
        while self._used_bytes > limit and len(self._records) > 1:
            oldest = self._records.popleft()
            self._used_bytes -= bytes_of(oldest)
            self.first = oldest.offset + 1

    def since(self, offset: int) -> Iterator[InputRecord]:
        """The kept records from that offset on, oldest first."""
        newest_first: list[InputRecord] = []
        for record in reversed(self._records):
            if record.offset < offset:
                break
            newest_first.append(record)
        return reversed(newest_first)

    def put_before(self, records: Iterable[InputRecord], first: int) -> None:
        """Older records, complete from `first` up to the ring's own. Repeats, also those in the ring of what comes before it now, are left out.

        They may exceed the budget until the ring is no longer held.
        """
        seen = SeenIdentities()
        kept = [record for record in (*records, *self._records) if _is_new(record, seen)]
        self._records = deque(kept)
        self._used_bytes = sum(map(bytes_of, kept))
        self.first = first


def _is_new(record: InputRecord, seen: SeenIdentities) -> bool:
    try:
        return not is_repeat(record, seen)
    except InvalidRecord:  # as the feed, which counts it, does
        return False


class Recent:
    """All rings. Half of the memory is for ticks, which are most of what comes."""

    def __init__(self, partitions: int, budget_bytes: int) -> None:
        self._partitions = partitions
        self._budget_bytes = budget_bytes
        self._rings: dict[tuple[Topic, int], Ring] = {}

    def ring(self, topic: Topic, partition: int) -> Ring:
        ring = self._rings.get((topic, partition))
        if ring is None:
            shares = 1 if topic is Topic.TICKS else len(KEPT_TOPICS) - 1
            ring = self._rings[topic, partition] = Ring(self._budget_bytes // 2 // shares // self._partitions)
        return ring
