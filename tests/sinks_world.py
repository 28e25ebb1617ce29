"""What the sink tests share: events as the stages write them, stores on a line's own servers, and sinks as processes."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import redis

from runtime.clock import ManualClock
from runtime.faults import KillPoints
from runtime.health import run_file
from runtime.kafka import Publisher
from runtime.settings import RedisSettings, SinkSettings
from runtime.stage import InputRecord
from schemas.bars import Bar
from schemas.codec import encode
from schemas.headers import IDENTITY, TRACE
from schemas.identity import Identity
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.partitioner import partition_of
from schemas.signals import Signal, SignalComponent
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.timeframes import MINUTE_NS
from schemas.topics import Topic
from sinks.letters import LetterBox
from sinks.redis.client import RedisClient
from sinks.redis.store import RedisStore
from sinks.store import Place
from sinks.timescale.horizon import KEPT_FOR_EVER, Horizon
from sinks.timescale.log_identity import LogIdentity
from sinks.timescale.offsets import Offsets
from sinks.timescale.session import Session
from sinks.timescale.store import TOPICS, TimescaleStore, table_writers
from tests.support import eventually, start_tickerplant

T0_NS = 1_723_161_480_000_000_000  # 2024-08-08T23:58:00Z
SYMBOL = "BTC-USDT"
SOURCE = "binance-simulated"
SERIES = ("market_ohlcv", "technical_indicators", "trading_signals")
TABLES = ("market_ticks", *SERIES, *(f"{name}_history" for name in SERIES), "market_gaps", "market_quality", "market_alerts")


def trade(seq: int, **changes: Any) -> Trade:
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "price": f"{61_000 + seq % 1000}.01000000",
        "size": "0.00123000",
        "ts_event_ns": T0_NS + seq * 1_000_003,
        "ts_ingest_ns": T0_NS + seq * 1_000_003 + 5,
        "trade_id": 3_735_683_000 + seq,
        "side": "buy",
        "seq": seq,
    }
    return Trade(**{**values, **changes})


def quote(seq: int, **changes: Any) -> Quote:
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "bid": "61652.01000000",
        "bid_size": "0.5",
        "ask": f"{61_653 + seq % 9}.02",
        "ask_size": "1.25",
        "ts_event_ns": T0_NS + seq * 1_000_003,
        "ts_ingest_ns": T0_NS + seq * 1_000_003,
        "update_id": 49_999_999_000 + seq,
        "event_time_is_receive": True,
        "seq": seq,
    }
    return Quote(**{**values, **changes})


def ticks(first: int, last: int) -> list[Trade | Quote]:
    """Ticks with seq first to last; every fifth is a trade."""
    return [trade(seq) if seq % 5 == 0 else quote(seq) for seq in range(first, last + 1)]


def bar(minute: int = 0, revision: int = 0, **changes: Any) -> Bar:
    open_ns = T0_NS + minute * MINUTE_NS
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "source": SOURCE,
        "timeframe": "1m",
        "ts_open_ns": open_ns,
        "ts_close_ns": open_ns + MINUTE_NS,
        "open": "61652",
        "high": "61745.27",
        "low": "61583.22",
        "close": f"617{10 + revision}.63",
        "volume": "77.14202",
        "quote_volume": "4756789.123456789012345",
        "vwap": "61662.7593114674",
        "trade_count": 3216,
        "kind": "corrected" if revision else "final",
        "revision": revision,
        "quality": 0.987654,
        "reasons": ("gap_filled", "out_of_order") if revision else (),
        "known_at_ns": open_ns + MINUTE_NS + 1_000_000_000 + revision,
    }
    return Bar(**{**values, **changes})


def indicators(minute: int = 0, revision: int = 0, rsi: float = 0.1 + 0.2) -> IndicatorRecord:
    of = bar(minute, revision)
    macd = {"macd": -1.5e-17, "signal": 2.25, "histogram": 1 / 3, "previous_histogram": -1 / 3}
    return IndicatorRecord(
        symbol=of.symbol,
        source=of.source,
        timeframe=of.timeframe,
        ts_open_ns=of.ts_open_ns,
        ts_close_ns=of.ts_close_ns,
        close=of.close,
        seed_bars=40 + minute,
        indicators={
            "rsi_14": IndicatorValue("rsi", {"period": 14}, {"value": rsi}, True, 28),
            "macd_12_26_9": IndicatorValue("macd", {"fast": 12, "slow": 26, "signal": 9}, macd, False, 45),
            "momentum_10": IndicatorValue("momentum", {"period": 10}, {}, False, 15),
        },
        revision=revision,
        bar_revision=of.revision,
        bar_kind=of.kind,
        bar_quality=of.quality,
        known_at_ns=of.known_at_ns,
    )


def signal(minute: int = 0, revision: int = 0, **changes: Any) -> Signal:
    of = bar(minute, revision)
    values: dict[str, Any] = {
        "symbol": of.symbol,
        "source": of.source,
        "timeframe": of.timeframe,
        "ts_open_ns": of.ts_open_ns,
        "ts_close_ns": of.ts_close_ns,
        "signal": 1,
        "action": "buy",
        "score": 1 / 3,
        "confidence": 0.329218,
        "decided_by": "macd",
        "resolution": "hierarchy",
        "status": "ok",
        "components": {"macd": SignalComponent(1, 1 / 3, True), "rsi": SignalComponent(0, 1 / 3, True)},
        "close": of.close,
        "revision": revision,
        "bar_revision": of.revision,
        "bar_kind": of.kind,
        "bar_quality": of.quality,
        "known_at_ns": of.known_at_ns,
        "valid_until_ns": of.ts_close_ns + MINUTE_NS,
    }
    return Signal(**{**values, **changes})


def envelope(items: Sequence[Trade | Quote]) -> TickEnvelope:
    return TickEnvelope(SOURCE, T0_NS, list(items))


def watermark(ts_event_ns: int = T0_NS) -> Watermark:
    return Watermark(SOURCE, 0, ts_event_ns, ts_event_ns, ts_event_ns)


def record(topic: Topic, offset: int, event: Any, partition: int = 0, headers: Mapping[str, bytes] | None = None) -> InputRecord:
    """As read from Kafka; bytes stay as they are. The identity is that of a stage that made one output of each input."""
    value = event if isinstance(event, bytes) else encode(event)
    own = {IDENTITY: Identity("stage", "input", partition, offset, 0).encode(), TRACE: b"trace-1"}
    return InputRecord(topic, partition, offset, None, value, dict(own if headers is None else headers), 1_723_161_480_000)


class Log:
    """A log of our own for a store without Kafka: what a reader would say."""

    def __init__(self, first: int = 0, end: int = 1_000_000) -> None:
        self.first = first
        self.end = end
        self.positions: dict[Place, int] = {}

    def limits(self, _place: Place) -> tuple[int, int]:
        return self.first, self.end

    def committed(self, places: Sequence[Place]) -> dict[Place, int]:
        return {place: self.positions[place] for place in places if place in self.positions}

    def commit(self, positions: Mapping[Place, int], *, wait: bool) -> None:
        self.positions.update(positions)


IDENTITY_OF_LOG = LogIdentity("cluster-1", {topic: f"id-{topic}" for topic in TOPICS})


def timescale_store(
    line: Any, log: Log | None = None, points: Any = None, identity: LogIdentity = IDENTITY_OF_LOG, horizon: Horizon = KEPT_FOR_EVER
) -> TimescaleStore:
    """The store on the line's database; dead letters go to the line's Kafka."""
    log = log or Log()
    stages = [writer.table for writer in table_writers().values()]
    return TimescaleStore(
        "sink-timescale",
        Session(line.addresses.postgres, 5, "test", stages),
        Offsets(line.settings.kafka),
        LetterBox("row_refused", partial(Publisher, line.settings.kafka, line.addresses.kafka)),
        points or KillPoints("sink-timescale"),
        ManualClock(T0_NS),
        identify=lambda: identity,
        limits=log.limits,
        prepare=lambda: None,
        announce=partial(log.commit, wait=False),
        horizon=horizon,
    )


EPOCHS = {topic: f"id-{topic}" for topic in Topic}


def redis_store(line: Any, log: Log | None = None) -> RedisStore:
    client = RedisClient(line.addresses.redis, RedisSettings())
    return RedisStore("sink-redis", client, log or Log(), KillPoints("sink-redis"), ManualClock(T0_NS), SinkSettings(), lambda: EPOCHS)


def query(line: Any, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(line.addresses.postgres) as connection:
        return connection.execute(statement.encode()).fetchall()


def execute(line: Any, statement: str) -> None:
    with psycopg.connect(line.addresses.postgres) as connection:
        connection.execute(statement.encode())


def checksums(line: Any) -> dict[str, tuple[int, str]]:
    """Rows and a hash of all columns of all rows, a table; the order of storage does not matter."""
    statement = "SELECT count(*), md5(coalesce(string_agg(h, '' ORDER BY h), '')) FROM (SELECT md5(t::text) AS h FROM {} t) hashes"
    return {table: query(line, statement.format(table))[0] for table in TABLES}


def redis_values(line: Any) -> dict[str, Any]:
    """All JSON values: no guards, no streams."""
    with redis.Redis.from_url(line.addresses.redis, decode_responses=True) as client:
        keys = [key for key in sorted(client.keys("*")) if client.type(key) == "string"]
        return {key: json.loads(client.get(key)) for key in keys}


def redis_streams(line: Any) -> dict[str, Any]:
    """Source and event of every entry of every stream, oldest first."""
    with redis.Redis.from_url(line.addresses.redis, decode_responses=True) as client:
        streams = {key: client.xrange(key) for key in sorted(client.keys("stream:*"))}
        return {key: [(fields["source"], json.loads(fields["event"])) for _, fields in entries] for key, entries in streams.items()}


def redis_content(line: Any) -> dict[str, Any]:
    return redis_values(line) | redis_streams(line)


class Feed:
    """Writes to a line's topics what the stages would."""

    def __init__(self, line: Any) -> None:
        self._kafka = line.settings.kafka
        self._publisher = Publisher(self._kafka, line.addresses.kafka)
        self._made = 0
        self.partition = partition_of(SYMBOL, self._kafka.partitions)

    def send(self, topic: Topic, *events: Any, headers: Mapping[str, bytes] | None = None) -> None:
        for event in events:
            self._made += 1
            value = event if isinstance(event, bytes) else encode(event)
            own = {IDENTITY: Identity("stage", "input", self.partition, self._made, 0).encode(), TRACE: b"trace-1"}
            self._publisher.send(topic, self.partition, value, headers=own if headers is None else headers)

    def send_ticks(self, first: int, last: int, size: int = 50) -> None:
        for start in range(first, last + 1, size):
            self.send(Topic.TICKS, envelope(ticks(start, min(last, start + size - 1))))

    def send_series(self, bars: int) -> None:
        """Bars with indicators and signals; every third bar is corrected."""
        for minute in range(bars):
            for revision in range(1 + (minute % 3 == 0)):
                self.send(Topic.BARS, bar(minute, revision))
                self.send(Topic.INDICATORS, indicators(minute, revision, rsi=50.1 + minute))
                self.send(Topic.SIGNALS, signal(minute, revision))

    def flush(self) -> None:
        self._publisher.flush()


@contextmanager
def sink_process(line: Any, name: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`tickerplant sink NAME` on the line; SIGTERM at the end, and it must leave with 0 if it still runs."""
    process = start_sink(line, name, **environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            code = process.wait(30)
            assert code == 0, log_of(line, name)


def start_sink(line: Any, name: str, **environment: str) -> subprocess.Popen[bytes]:
    log = line.settings.data_dir / f"sink-{name}.log"
    return start_tickerplant("sink", name, env=line.env(**environment), log=log)


def log_of(line: Any, name: str) -> str:
    return (line.settings.data_dir / f"sink-{name}.log").read_text()


def metrics_of(line: Any, process: str) -> str:
    """The text of /metrics."""
    with urllib.request.urlopen(f"{_health_url(line, process)}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def _health_url(line: Any, process: str) -> str:
    return str(json.loads(run_file(line.settings.data_dir, process).read_text())["health"])


def ready(line: Any, process: str) -> dict[str, Any]:
    """The body of /ready; {} while nothing listens."""
    try:
        with urllib.request.urlopen(f"{_health_url(line, process)}/ready", timeout=5) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except (OSError, ValueError):
        return {}


def wait_ready(line: Any, process: str) -> None:
    eventually(lambda: ready(line, process).get("status") == "ok", 60)


def count(line: Any, table: str = "market_ticks") -> int:
    return int(query(line, f"SELECT count(*) FROM {table}")[0][0])
