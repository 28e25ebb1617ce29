"""The Redis store: the newest of every key in a batch, in one pipeline of guarded writes, then what the streams get, then the group's offsets.

Order: values and streams written -> offsets committed. After a crash between them the same writes come again, and the guard lets them change nothing.
A server that was started anew is given all that this process wrote and that still lives, before anything else.
"""

from collections.abc import Callable, Mapping, Sequence

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import InvalidRecord
from runtime.faults import KillPoints
from runtime.records import check_identity
from runtime.settings import SinkSettings
from runtime.stage import InputRecord
from schemas.codec import DecodeError, SchemaError
from schemas.reasons import Reason
from schemas.ticks import TickEnvelope
from schemas.topics import Topic
from sinks.positions import GroupLog, group_positions
from sinks.redis.client import RedisClient
from sinks.redis.latest import Latest
from sinks.redis.tails import Tails
from sinks.redis.upkeep import Upkeep
from sinks.redis.writer import Writer
from sinks.store import Place, WritesAtOnce

TOPICS = (Topic.TICKS, Topic.BARS, Topic.BARS_FORMING, Topic.INDICATORS, Topic.SIGNALS)
_SINK = "redis"


class RedisStore(WritesAtOnce):
    """A sinks.store.Store. Records that are no events are only counted here: the TimescaleDB sink reads the same ones and dead-letters them."""

    part = "redis"

    def __init__(
        self,
        process: str,
        client: RedisClient,
        log: GroupLog,
        points: KillPoints,
        clock: Clock,
        settings: SinkSettings,
        epochs: Callable[[], Mapping[Topic, str]],
    ) -> None:
        """epochs: of the topics, asked for at `begin`; a topic that was made anew has another one, and its positions begin again."""
        self._process = process
        self._client = client
        self._log = log
        self._points = points
        self._clock = clock
        self._settings = settings
        self._ask_epochs = epochs
        self._epochs: Mapping[Topic, str] = {}
        self._upkeep = Upkeep(client, clock, settings.movers_interval_s)
        self._writer = Writer(client, clock)
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
        self._writer.forget()
        self._client.ping()
        self._epochs = self._ask_epochs()
        self._stored = group_positions(self._log, places)  # the guard makes reading again harmless
        return self._stored

    def take(self, record: InputRecord) -> None:
        self._ends[(record.topic, record.partition)] = record.offset + 1
        self._records += 1
        try:
            check_identity(record)
            event = self._latest.take(record.topic, record.value)
        except InvalidRecord as error:
            metrics.DROPPED.labels(self._process, error.reason).inc()
            return
        except SchemaError:
            metrics.DROPPED.labels(self._process, Reason.INVALID_SCHEMA).inc()
            return
        except DecodeError:
            metrics.DROPPED.labels(self._process, Reason.UNDECODABLE).inc()
            return
        self._tails.take(record, event)
        if isinstance(event, TickEnvelope):
            self._receipts_ns.append(event.ts_receive_ns)
            metrics.TICKS_IN.labels(self._process, event.source).inc(len(event.ticks))

    def flush(self) -> None:
        self._write()
        self._append()
        self._points.reach("values_written")
        self._log.commit(self._ends, wait=True)
        self._points.reach("offsets_committed")
        self._settle()
        self._writer.filled(self._upkeep.run)

    def _write(self) -> None:
        if not (writes := self._latest.writes()):
            return
        with metrics.WRITE_SECONDS.labels(_SINK).time():
            written = self._writer.write(writes)
        metrics.KEYS.labels(_SINK, "written").inc(written)
        metrics.KEYS.labels(_SINK, "older").inc(len(writes) - written)
        metrics.KEYS.labels(_SINK, "conflated").inc(self._latest.conflated)

    def _append(self) -> None:
        self._writer.append(self._tails.appends(self._epochs))
        for name, number in self._tails.overtaken.items():
            metrics.STREAM_EVENTS.labels(name, "overtaken").inc(number)

    def _settle(self) -> None:
        self._stored.update(self._ends)
        self._upkeep.note(self._latest.symbols)
        now_ns = self._clock.now_ns()
        latency = metrics.LATENCY_SECONDS.labels(self._process)
        for receipt_ns in self._receipts_ns:
            latency.observe((now_ns - receipt_ns) / 1e9)
        self._empty()

    def forget(self) -> None:
        self._stored = {}
        self._empty()

    def _empty(self) -> None:
        self._latest = Latest(self._settings.quote_ttl_s)
        self._tails = Tails(self._settings.streams, self._settings.stream_length)
        self._ends: dict[Place, int] = {}
        self._records = 0
        self._receipts_ns: list[int] = []

    def ping(self) -> None:
        """A server that was started anew is filled though nothing new comes."""
        self._writer.check()
        self._writer.filled(self._upkeep.run)

    def close(self) -> None:
        self._client.close()
