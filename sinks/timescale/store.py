"""The TimescaleDB store: one transaction a batch, holding its rows and its positions. It is written by a thread while the next batch is taken."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import FatalError, TransientError
from runtime.faults import KillPoints
from runtime.stage import InputRecord
from schemas.topics import Topic
from sinks.letters import LetterBox
from sinks.store import Place, StoreDown
from sinks.timescale.batch import Batch
from sinks.timescale.errors import translated
from sinks.timescale.horizon import KEPT_FOR_EVER, Horizon
from sinks.timescale.intake import Intake
from sinks.timescale.log_identity import LogIdentity
from sinks.timescale.offsets import Move, Offsets
from sinks.timescale.session import Connection, Session
from sinks.timescale.symbols import AssetClasses
from sinks.timescale.table_writers import table_writers
from sinks.timescale.transaction import BatchTransaction
from sinks.timescale.writing import Writing

TOPICS = (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS, Topic.GAPS, Topic.QUALITY, Topic.ALERTS)
_SINK = "timescale"

Identify = Callable[[], LogIdentity]
Limits = Callable[[Place], tuple[int, int]]
Announce = Callable[[Mapping[Place, int]], None]


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
        self._intake = Intake(process, self._writers, clock)
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
        self._intake.begin(positions)
        self._stored = {place: position.next_offset for place, position in positions.items()}
        return self._stored

    def take(self, record: InputRecord) -> None:
        self._intake.take(record, self._batch)

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
        return [Move(place, self._stored[place], end, self._intake.seen(place)) for place, end in batch.ends.items()]

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
        self._stored = {}
        self._intake.begin({})

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
