"""The Redis store: the newest of every key in a batch, in one pipeline of guarded writes, then the group's offsets.

Order: values written -> offsets committed. After a crash between them the same writes come again, and the guard lets them change nothing.
A server that was started anew is given all that this process wrote and that still lives, before anything else.
"""

from collections.abc import Mapping, Sequence

from cache.guard import Write
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import InvalidRecord
from runtime.faults import KillPoints
from runtime.logs import get_logger
from runtime.records import check_identity
from runtime.stage import InputRecord
from schemas.codec import DecodeError, SchemaError
from schemas.reasons import Reason
from schemas.topics import Topic
from sinks.positions import GroupLog, group_positions
from sinks.redis.client import Figures, RedisClient, ServerForgot
from sinks.redis.latest import Latest
from sinks.redis.newest import Newest
from sinks.store import Place

TOPICS = (Topic.TICKS, Topic.BARS, Topic.BARS_FORMING, Topic.INDICATORS, Topic.SIGNALS)
_SINK = "redis"
_NEWEST_BYTES = 16_000_000  # some 10,000 keys; a larger line fills the rest from what comes next


class RedisStore:
    """A sinks.store.Store. Records that are no events are only counted here: the TimescaleDB sink reads the same ones and dead-letters them."""

    part = "redis"

    def __init__(self, process: str, client: RedisClient, log: GroupLog, points: KillPoints, clock: Clock, quote_lifetime_s: int) -> None:
        self._process = process
        self._client = client
        self._log = log
        self._points = points
        self._clock = clock
        self._quote_lifetime_s = quote_lifetime_s
        self._newest = Newest(_NEWEST_BYTES)
        self._stored: dict[Place, int] = {}
        self.forget()

    @property
    def stored(self) -> Mapping[Place, int]:
        return self._stored

    @property
    def waiting_rows(self) -> int:
        return len(self._latest)

    @property
    def waiting_records(self) -> int:
        return self._records

    def begin(self, places: Sequence[Place]) -> Mapping[Place, int]:
        self.forget()
        self._newest = Newest(_NEWEST_BYTES)  # others may have written newer values of what was ours
        self._client.ping()
        self._stored = group_positions(self._log, places)  # the guard makes reading again harmless
        return self._stored

    def take(self, record: InputRecord) -> None:
        self._ends[(record.topic, record.partition)] = record.offset + 1
        self._records += 1
        try:
            check_identity(record)
            envelope = self._latest.take(record.topic, record.value)
        except InvalidRecord as error:
            metrics.DROPPED.labels(self._process, error.reason).inc()
            return
        except SchemaError:
            metrics.DROPPED.labels(self._process, Reason.INVALID_SCHEMA).inc()
            return
        except DecodeError:
            metrics.DROPPED.labels(self._process, Reason.UNDECODABLE).inc()
            return
        if envelope is not None:
            self._receipts_ns.append(envelope.ts_receive_ns)
            metrics.TICKS_IN.labels(self._process, envelope.source).inc(len(envelope.ticks))

    def flush(self) -> None:
        self._write()
        self._points.reach("values_written")
        self._log.commit(self._ends, wait=True)
        self._points.reach("offsets_committed")
        self._settle()

    def _write(self) -> None:
        if not (writes := self._latest.writes()):
            return
        with metrics.WRITE_SECONDS.labels(_SINK).time():
            written = self._write_newer([write for write in writes if not self._newest.is_older(write)])
        metrics.KEYS.labels(_SINK, "written").inc(written)
        metrics.KEYS.labels(_SINK, "older").inc(len(writes) - written)
        metrics.KEYS.labels(_SINK, "conflated").inc(self._latest.conflated)

    def _write_newer(self, writes: Sequence[Write]) -> int:
        """How many the server took."""
        try:
            taken = self._client.write(writes)
        except ServerForgot:
            self._fill()
            taken = self._client.write(writes)
        now_s = self._clock.monotonic_s()
        for write, is_taken in zip(writes, taken, strict=True):
            if is_taken:
                self._newest.note(write, now_s)
            else:
                self._newest.forget([write.key])
        return sum(taken)

    def _fill(self) -> None:
        self._client.introduce()
        known = list(self._newest.alive(self._clock.monotonic_s()))
        taken = self._client.write(known)
        metrics.KEYS.labels(_SINK, "restored").inc(sum(taken))
        get_logger().info("redis_filled", writes=len(known))

    def _settle(self) -> None:
        self._stored.update(self._ends)
        now_ns = self._clock.now_ns()
        latency = metrics.LATENCY_SECONDS.labels(self._process)
        for receipt_ns in self._receipts_ns:
            latency.observe((now_ns - receipt_ns) / 1e9)
        self._empty()

    def forget(self) -> None:
        self._stored = {}
        self._empty()

    def _empty(self) -> None:
        self._latest = Latest(self._quote_lifetime_s)
        self._ends: dict[Place, int] = {}
        self._records = 0
        self._receipts_ns: list[int] = []

    def ping(self) -> None:
        """A server that was started anew is filled though nothing new comes."""
        if not self._client.knows_us():
            self._fill()
        _tell(self._client.figures())

    def close(self) -> None:
        self._client.close()


def _tell(figures: Figures) -> None:
    metrics.REDIS_BYTES.set(figures.bytes)
    metrics.REDIS_KEYS.set(figures.keys)
    metrics.REDIS_EVICTED.set(figures.evicted)
    metrics.REDIS_HITS.set(figures.hits)
    metrics.REDIS_MISSES.set(figures.misses)
