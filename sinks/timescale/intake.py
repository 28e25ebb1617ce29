"""Takes records into a batch: in the order of the log, each once, what cannot be stored as a dead letter, what retention took as a gap. No I/O."""

from collections.abc import Iterable, Mapping

from runtime import metrics
from runtime.clock import Clock
from runtime.dead_letters import letter_of
from runtime.errors import FatalError, InvalidRecord
from runtime.lost_records import lost_records
from runtime.records import is_repeat
from runtime.stage import InputRecord
from schemas.codec import DecodeError, SchemaError
from schemas.identity import SeenIdentities
from schemas.reasons import Reason
from schemas.topics import Topic
from sinks.store import Place
from sinks.timescale.batch import Batch
from sinks.timescale.gaps import gap_block
from sinks.timescale.letters import row_letters
from sinks.timescale.offsets import Position, Seen
from sinks.timescale.rows import TableWriter

_PAST_RETENTION = "older than its table keeps rows: the next drop would delete it"


class Intake:
    """process: the sink's name on metrics and dead letters."""

    def __init__(self, process: str, writers: Mapping[Topic, TableWriter], clock: Clock) -> None:
        self._process = process
        self._writers = writers
        self._clock = clock
        self._gap_table = writers[Topic.GAPS].table
        self._seen: dict[Place, SeenIdentities] = {}
        self._next: dict[Place, int] = {}

    def begin(self, positions: Mapping[Place, Position]) -> None:
        """Records of these places alone are taken from now on, each from its position."""
        self._seen = {place: SeenIdentities(position.seen) for place, position in positions.items()}
        self._next = {place: position.next_offset for place, position in positions.items()}

    def seen(self, place: Place) -> Seen:
        """The newest identities of a place, to be stored with its position."""
        return self._seen[place].snapshot()

    def take(self, record: InputRecord, batch: Batch) -> None:
        """Raises FatalError if records that were taken before are no longer where they stood."""
        place = (record.topic, record.partition)
        expected = self._next[place]
        if record.offset != expected:
            self._jumped(record, expected, batch)
        self._next[place] = record.offset + 1
        batch.advance(record)
        try:
            if is_repeat(record, self._seen[place]):
                metrics.DROPPED.labels(self._process, Reason.REPEATED_IDENTITY).inc()
                return
        except InvalidRecord as error:
            batch.refuse(letter_of(self._process, record, error.reason, error.detail))
            return
        self._take_rows(record, batch)

    def _take_rows(self, record: InputRecord, batch: Batch) -> None:
        writer = self._writers[record.topic]
        try:
            block = writer.block(record)
            batch.add(writer.table, record, block)
            self._refuse_expired(record, block.expired, batch)
        except SchemaError as error:
            batch.refuse(letter_of(self._process, record, Reason.INVALID_SCHEMA, str(error)))
        except DecodeError as error:
            batch.refuse(letter_of(self._process, record, Reason.UNDECODABLE, str(error)))

    def _refuse_expired(self, record: InputRecord, rows: Iterable[int], batch: Batch) -> None:
        for letter in row_letters(self._process, record, Reason.PAST_RETENTION, dict.fromkeys(rows, _PAST_RETENTION)) if rows else ():
            batch.refuse(letter)

    def _jumped(self, record: InputRecord, expected: int, batch: Batch) -> None:
        """Nothing of ours deletes single records: what lies between has left the topic by retention."""
        place = (record.topic, record.partition)
        if record.offset < expected:
            raise FatalError(f"{place} starts again at {record.offset}, but {expected} was reached: the topic lost acknowledged records")
        gap = lost_records(*place, expected, record.offset, self._clock.now_ns())
        metrics.GAPS.labels("", gap.channel, gap.state).inc()
        batch.add(self._gap_table, record, gap_block(gap))
