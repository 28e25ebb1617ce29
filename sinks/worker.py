"""The loop of every sink: read, batch, flush, and stay a member of the group while a server is away.

Commit order: rows written -> dead letters delivered -> positions moved; the store does it. A store may do it while the next batch is taken; never two at once.
"""

import threading
from collections import Counter
from collections.abc import Callable

from tenacity import Retrying, retry_if_exception_type, wait_exponential_jitter

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError
from runtime.health import Health
from runtime.logs import get_logger
from runtime.settings import Settings
from sinks.reader import TopicReader
from sinks.store import Store, StoreDown

READ_RECORDS = 16  # a tick envelope under backlog holds 500 ticks: more at once would overshoot the batch and the memory
_POLL_S = 0.05
_PACE_S = 0.01  # waited after a small read: what a trickle costs is rounds, not records
_IDLE_FLUSH_S = 1.0  # positions without rows (watermarks) are not worth a transaction each
_PING_S = 2.0
_MAX_PAUSE_S = 2.0  # between attempts; a server that is back is used within it


class _GivenUp(Exception):
    """The attempt lost its purpose: the process is to stop, or the assignment changed."""


class SinkWorker:
    """One sink process. `run` returns after `stop`, with everything taken flushed where the store answers; FatalError and bugs come through."""

    def __init__(self, process: str, reader: TopicReader, store: Store, health: Health, clock: Clock, settings: Settings) -> None:
        self._process = process
        self._reader = reader
        self._store = store
        self._health = health
        self._clock = clock
        self._sink = settings.sink
        self._stop = threading.Event()
        self._generation = -1
        self._placed = False
        self._store_missing = "not asked yet"
        self._taken_since_s = self._begun_s = clock.monotonic_s()
        reader.before_revoke = store.wait_written
        self._asked_s = -_PING_S
        health.add_check("kafka", reader.watch.missing)
        health.add_check(store.part, lambda: self._store_missing)
        health.add_check("assignment", lambda: "" if self._placed else f"no partitions are being read yet {reader.trouble}".strip())
        health.add_check("lag", lambda: reader.watch.behind(settings.health.max_lag_records))

    def stop(self) -> None:
        """May be called from a signal handler or another thread."""
        self._stop.set()

    def run(self) -> None:
        try:
            while not self._stop.is_set():
                self.step()
            self._flush_last()
        finally:
            self._reader.close()
            self._store.close()

    def step(self) -> None:
        """One round; at most a poll and a flush."""
        self._health.tick()
        if self._reader.generation != self._generation:
            self._start_over()
        if self._reader.assigned and not self._placed:
            self._attempt(self._place)
        self._read()
        if self._store.is_written:
            self._attempt(self._finish)
        if self._is_due():
            self._attempt(self._flush)
        self._ask_the_servers()

    def _start_over(self) -> None:
        """What was taken belongs to an assignment that is gone: its new owner, perhaps this process, reads it again."""
        self._store.forget()
        self._generation = self._reader.generation
        self._placed = False

    def _place(self) -> None:
        positions = self._store.begin(self._reader.assigned)
        self._reader.place(positions)
        self._placed = True
        get_logger().info("reading", places={f"{topic}/{partition}": offset for (topic, partition), offset in sorted(positions.items())})

    def _read(self) -> None:
        records = self._reader.read(READ_RECORDS, _POLL_S)
        if self._reader.generation != self._generation:
            return
        if records and not self._store.waiting_records:
            self._taken_since_s = self._clock.monotonic_s()
        for topic, number in Counter(record.topic for record in records).items():
            metrics.RECORDS_IN.labels(self._process, topic.value).inc(number)
        for record in records:
            self._store.take(record)
        if 0 < len(records) < READ_RECORDS // 2:
            self._stop.wait(_PACE_S)

    def _is_due(self) -> bool:
        if not self._store.waiting_records or self._reader.generation != self._generation:
            return False
        if self._store.waiting_rows >= self._sink.batch_rows:
            return True
        age_s = self._clock.monotonic_s() - self._taken_since_s
        return age_s >= (self._sink.batch_interval_s if self._store.waiting_rows else max(_IDLE_FLUSH_S, self._sink.batch_interval_s))

    def _flush(self) -> None:
        """Begins the next flush when the one before is done."""
        self._finish()
        self._begun_s = self._clock.monotonic_s()
        self._store.start_flush()
        if not self._store.is_writing:
            self._count_commit()

    def _finish(self) -> None:
        if self._store.is_writing:
            self._store.finish_flush()
            self._count_commit()

    def _count_commit(self) -> None:
        metrics.COMMIT_SECONDS.labels(self._process).observe(self._clock.monotonic_s() - self._begun_s)
        metrics.COMMITS.labels(self._process).inc()
        self._reader.watch.measure_lag(self._store.stored)

    def _attempt(self, action: Callable[[], None]) -> None:
        """Repeats after transient errors until it works or has lost its purpose."""
        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            wait=wait_exponential_jitter(multiplier=0.1, max=_MAX_PAUSE_S, jitter=0.1),
            sleep=self._pause,
            reraise=True,
        )
        try:
            for attempt in retrying:
                with attempt:
                    self._watched(action)
        except _GivenUp:
            return

    def _watched(self, action: Callable[[], None]) -> None:
        """Runs it and keeps what /ready says of the store."""
        try:
            action()
        except StoreDown as error:
            self._tell(str(error))
            raise
        except TransientError as error:
            get_logger().warning("kafka_unavailable", error=str(error))
            metrics.RETRIES.labels(self._process, "kafka").inc()
            raise
        if not self._store.is_writing:  # what was only begun says nothing yet
            self._tell("")

    def _tell(self, missing: str) -> None:
        self._asked_s = self._clock.monotonic_s()
        metrics.PART_UP.labels(self._process, self._store.part).set(not missing)
        if missing:
            metrics.RETRIES.labels(self._process, self._store.part).inc()
        if bool(missing) != bool(self._store_missing):
            if missing:
                get_logger().warning("store_away", part=self._store.part, error=missing)
            else:
                get_logger().info("store_ready", part=self._store.part)
        self._store_missing = missing

    def _pause(self, seconds: float) -> None:
        """Waits between attempts with the place in the group kept: a poll must come at least every max.poll.interval.ms."""
        until_s = self._clock.monotonic_s() + seconds
        while (left_s := until_s - self._clock.monotonic_s()) > 0:
            self._health.tick()
            self._reader.idle(min(left_s, _POLL_S))
            if self._stop.is_set() or self._reader.generation != self._generation:
                raise _GivenUp

    def _ask_the_servers(self) -> None:
        """An idle sink notices too that its store is away, and that it is back; one that is left nothing to read is in its place all the same."""
        if self._clock.monotonic_s() - self._asked_s < _PING_S:
            return
        if not self._placed:
            self._placed = self._reader.is_surplus()
        if not self._store.is_writing:
            self._ping()
        self._reader.watch.measure_lag(self._store.stored)

    def _ping(self) -> None:
        try:
            self._store.ping()
            self._tell("")
        except StoreDown as error:
            self._tell(str(error))

    def _flush_last(self) -> None:
        if not self._placed or self._reader.generation != self._generation:
            return
        try:
            self._finish()
            if self._store.waiting_records:
                self._flush()
                self._finish()
        except TransientError as error:
            # Nothing is acknowledged, so the next start reads it again.
            get_logger().warning("stopped_without_flush", records=self._store.waiting_records, error=str(error))
