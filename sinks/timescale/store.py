"""The TimescaleDB store: one transaction a batch, holding its rows and its positions. It is written by a thread while the next batch is taken."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from runtime import metrics
from runtime.clock import Clock
from runtime.dead_letters import letter_of
from runtime.errors import FatalError, InvalidRecord, TransientError
from runtime.faults import KillPoints
from runtime.lost_records import lost_records
from runtime.records import is_repeat
from runtime.stage import InputRecord
from schemas.codec import DecodeError, SchemaError
from schemas.identity import SeenIdentities
from schemas.reasons import Reason
from schemas.topics import Topic
from sinks.letters import LetterBox
from sinks.store import Place, StoreDown
from sinks.timescale.alerts import AlertWriter
from sinks.timescale.bars import BarWriter
from sinks.timescale.batch import Batch
from sinks.timescale.errors import translated
from sinks.timescale.gaps import GapWriter, gap_block
from sinks.timescale.horizon import KEPT_FOR_EVER, Horizon, expiring
from sinks.timescale.indicators import IndicatorWriter
from sinks.timescale.letters import row_letters
from sinks.timescale.log_identity import LogIdentity
from sinks.timescale.offsets import Move, Offsets
from sinks.timescale.quality import QualityWriter
from sinks.timescale.rows import TableWriter
from sinks.timescale.session import Connection, Session
from sinks.timescale.signals import SignalWriter
from sinks.timescale.symbols import AssetClasses
from sinks.timescale.ticks import TickWriter
from sinks.timescale.transaction import BatchTransaction
from sinks.timescale.writing import Writing

TOPICS = (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS, Topic.GAPS, Topic.QUALITY, Topic.ALERTS)
_SINK = "timescale"
_PAST_RETENTION = "older than its table keeps rows: the next drop would delete it"

Identify = Callable[[], LogIdentity]
Limits = Callable[[Place], tuple[int, int]]
Announce = Callable[[Mapping[Place, int]], None]


def table_writers(horizon: Horizon = KEPT_FOR_EVER, asset_classes: AssetClasses | None = None) -> dict[Topic, TableWriter]:
    """Who writes the records of each topic. asset_classes: of symbols whose name does not tell."""
    return {
        Topic.TICKS: TickWriter(horizon),
        Topic.BARS: expiring(BarWriter(asset_classes), horizon),
        Topic.INDICATORS: expiring(IndicatorWriter(), horizon),
        Topic.SIGNALS: expiring(SignalWriter(), horizon),
        Topic.GAPS: GapWriter(),
        Topic.QUALITY: expiring(QualityWriter(), horizon),
        Topic.ALERTS: expiring(AlertWriter(), horizon),
    }


class TimescaleStore:
    """A sinks.store.Store.

    identify: which cluster and topics are read. limits: first and end offset of a place. prepare: run once before the first use (migrations).
    announce: is told the positions after every commit, for operators' tools; nothing is ever read from there. horizon: what comes too late to be kept.
    """

    part = "postgres"

    def __init__(
        self,
        process: str,
        session: Session,
        offsets: Offsets,
        letters: LetterBox,
        points: KillPoints,
        clock: Clock,
        *,
        identify: Identify,
        limits: Limits,
        prepare: Callable[[], object],
        announce: Announce,
        horizon: Horizon = KEPT_FOR_EVER,
        asset_classes: AssetClasses | None = None,
    ) -> None:
        self._process = process
        self._writers = table_writers(horizon, asset_classes)
        self._session = session
        self._offsets = offsets
        self._transaction = BatchTransaction(process, self._writers, letters, offsets, points)
        self._points = points
        self._clock = clock
        self._identify = identify
        self._limits = limits
        self._announce = announce
        self._prepare: Callable[[], object] | None = prepare
        self._gap_table = self._writers[Topic.GAPS].table
        self._seen: dict[Place, SeenIdentities] = {}
        self._next: dict[Place, int] = {}
        self._stored: dict[Place, int] = {}
        self._batch = self._empty()
        self._thread = ThreadPoolExecutor(1, "write")  # the connection is used here, or there while nothing is being written
        self._writing: Writing | None = None

    def _empty(self) -> Batch:
        return Batch(writer.table for writer in self._writers.values())

    @property
    def stored(self) -> Mapping[Place, int]:
        return self._stored

    @property
    def waiting_rows(self) -> int:
        return self._batch.rows

    @property
    def waiting_records(self) -> int:
        return self._batch.records

    @property
    def is_writing(self) -> bool:
        return self._writing is not None

    @property
    def is_written(self) -> bool:
        return self._writing is not None and self._writing.is_over

    def begin(self, places: Sequence[Place]) -> Mapping[Place, int]:
        self.forget()
        with self._connected() as connection:
            log = self._identify()
            limits = {place: self._limits(place) for place in places}
            positions = self._offsets.load(connection, log, {place: first for place, (first, _) in limits.items()})
        for place, (_, end) in limits.items():
            _check_end(place, positions[place].next_offset, end)
        self._seen = {place: SeenIdentities(position.seen) for place, position in positions.items()}
        self._stored = {place: position.next_offset for place, position in positions.items()}
        self._next = dict(self._stored)
        return self._stored

    def take(self, record: InputRecord) -> None:
        place = (record.topic, record.partition)
        expected = self._next[place]
        if record.offset != expected:
            self._jumped(record, expected)
        self._next[place] = record.offset + 1
        self._batch.advance(record)
        try:
            if is_repeat(record, self._seen[place]):
                metrics.DROPPED.labels(self._process, Reason.REPEATED_IDENTITY).inc()
                return
        except InvalidRecord as error:
            self._batch.refuse(letter_of(self._process, record, error.reason, error.detail))
            return
        self._take_rows(record)

    def _take_rows(self, record: InputRecord) -> None:
        writer = self._writers[record.topic]
        try:
            block = writer.block(record)
            self._batch.add(writer.table, record, block)
            self._refuse_expired(record, block.expired)
        except SchemaError as error:
            self._batch.refuse(letter_of(self._process, record, Reason.INVALID_SCHEMA, str(error)))
        except DecodeError as error:
            self._batch.refuse(letter_of(self._process, record, Reason.UNDECODABLE, str(error)))

    def _refuse_expired(self, record: InputRecord, rows: Iterable[int]) -> None:
        for letter in row_letters(self._process, record, Reason.PAST_RETENTION, dict.fromkeys(rows, _PAST_RETENTION)) if rows else ():
            self._batch.refuse(letter)

    def _jumped(self, record: InputRecord, expected: int) -> None:
        """Nothing of ours deletes single records: what lies between has left the topic by retention."""
        place = (record.topic, record.partition)
        if record.offset < expected:
            raise FatalError(f"{place} starts again at {record.offset}, but {expected} was reached: the topic lost acknowledged records")
        gap = lost_records(*place, expected, record.offset, self._clock.now_ns())
        metrics.GAPS.labels("", gap.channel, gap.state).inc()
        self._batch.add(self._gap_table, record, gap_block(gap))

    def flush(self) -> None:
        self.finish_flush()
        if self._batch.records:
            self.start_flush()
            self.finish_flush()

    def start_flush(self) -> None:
        self.finish_flush()
        batch, self._batch = self._batch, self._empty()
        self._writing = Writing(self._thread, self._write, batch, self._moves(batch))

    def finish_flush(self) -> None:
        if self._writing is not None:
            self._writing.finish()
            self._settle(self._writing.batch)
            self._writing = None

    def wait_written(self) -> None:
        if self._writing is not None:
            self._writing.wait()

    def _write(self, batch: Batch, moves: Sequence[Move]) -> None:
        """In the thread."""
        with self._connected() as connection, metrics.WRITE_SECONDS.labels(_SINK).time():
            written = self._transaction.write(connection, batch, moves)
        self._points.reach("transaction_committed")
        for table, rows in written.items():
            metrics.ROWS.labels(_SINK, table).inc(rows)

    def _moves(self, batch: Batch) -> list[Move]:
        return [Move(place, self._stored[place], end, self._seen[place].snapshot()) for place, end in batch.ends.items()]

    def _settle(self, batch: Batch) -> None:
        self._stored.update(batch.ends)
        self._announce(batch.ends)
        for source, ticks in batch.ticks_by_source.items():
            metrics.TICKS_IN.labels(self._process, source).inc(ticks)
            metrics.TICKS_OUT.labels(self._process, source).inc(ticks)
        now_ns = self._clock.now_ns()
        latency = metrics.LATENCY_SECONDS.labels(self._process)
        for receipt_ns in batch.receipts_ns:
            latency.observe((now_ns - receipt_ns) / 1e9)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """The connection, prepared; after any error of the driver it is thrown away."""
        with translated():
            try:
                self._prepare_once()
                yield self._session.connection()
            except psycopg.Error:
                self._session.close()
                raise

    def _prepare_once(self) -> None:
        if self._prepare is None:
            return
        try:
            self._prepare()
        except TransientError as error:
            raise StoreDown(str(error)) from error
        self._prepare = None

    def forget(self) -> None:
        self.wait_written()
        self._writing = None
        self._batch = self._empty()
        self._stored, self._next, self._seen = {}, {}, {}

    def ping(self) -> None:
        with self._connected() as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        self._thread.shutdown()
        self._session.close()


def _check_end(place: Place, next_offset: int, end: int) -> None:
    if next_offset > end:
        raise FatalError(
            f"{place[0]}/{place[1]} ends at {end}, but {next_offset} was reached: the topic lost acknowledged records, and new ones would be skipped"
        )
