"""Sinks' stores on a line's own servers, and what is in them."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import psycopg
import redis

from runtime.clock import ManualClock
from runtime.faults import KillPoints
from runtime.kafka import Publisher
from runtime.settings import RedisSettings, SinkSettings
from schemas.topics import Topic
from sinks.letters import LetterBox
from sinks.redis.client import RedisClient
from sinks.redis.store import RedisStore
from sinks.store import Place
from sinks.timescale.horizon import KEPT_FOR_EVER, Horizon
from sinks.timescale.log_identity import LogIdentity
from sinks.timescale.offsets import Offsets
from sinks.timescale.session import Session
from sinks.timescale.store import TOPICS, TimescaleStore
from sinks.timescale.table_writers import table_writers
from tests.sink_events import T0_NS

SERIES = ("market_ohlcv", "technical_indicators", "trading_signals")
TABLES = ("market_ticks", *SERIES, *(f"{name}_history" for name in SERIES), "market_gaps", "market_quality", "market_alerts")


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


def count(line: Any, table: str = "market_ticks") -> int:
    return int(query(line, f"SELECT count(*) FROM {table}")[0][0])


def exact(line: Any, last: int) -> None:
    """So many ticks are stored, each once."""
    assert query(line, "SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM market_ticks") == [(last, last, 1, last)]
