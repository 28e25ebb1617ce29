"""A Redis of a test's own, to be killed and started again, a sink's writes to it without Kafka, and what a cache at it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from cache import Cache
from runtime.clock import ManualClock, SystemClock
from runtime.faults import KillPoints
from runtime.settings import RedisSettings, SinkSettings, load_settings
from schemas.topics import Topic
from sinks.redis.client import RedisClient
from sinks.redis.store import RedisStore
from tests.sink_events import T0_NS, envelope, record
from tests.sinks_world import Log
from tickerplant.stack.ports import choose
from tickerplant.stack.redis import RedisServer
from tickerplant.stack.servers import Running

BARS = [{"timestamp": f"2024-08-{day:02d}", "close": "61652.01"} for day in range(1, 31)]  # a value that is worth compressing


class OwnRedis:
    """running: until `kill`; `start` brings it back with its data, unless `lose` was called between."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        server = RedisServer(data_dir, choose(data_dir / "ports.json", {"redis": 0})["redis"], "secret")
        self._running = Running(load_settings(data_dir=data_dir), [server], SystemClock())
        self.url = server.address
        self.start()

    def start(self) -> None:
        self._running.restart("redis")

    def kill(self) -> None:
        self._running.children["redis"].stop(0)

    def lose(self) -> None:
        """What it had on disk."""
        for file in (self._data_dir / "redis").rglob("*.aof"):
            file.unlink()

    @contextmanager
    def raw(self) -> Iterator[Any]:
        with redis.Redis.from_url(self.url) as client:
            yield client


class OwnSink:
    """A Redis sink that is handed events."""

    def __init__(self, url: str, epoch: str = "first", **settings: Any) -> None:
        self.store = RedisStore(
            "sink-redis",
            RedisClient(url, RedisSettings()),
            Log(),
            KillPoints("sink-redis"),
            ManualClock(T0_NS),
            SinkSettings(**settings),
            lambda: dict.fromkeys(Topic, epoch),
        )
        self.store.begin([(Topic.TICKS, 0)])
        self._offset = 0

    def write(self, *events: Any, topic: Topic = Topic.TICKS) -> None:
        """Raises StoreDown while the server is away; `flush` sends it again."""
        for event in [envelope(list(events))] if topic is Topic.TICKS else events:
            self.store.take(record(topic, self._offset, event))
            self._offset += 1
        self.store.flush()

    def flush(self) -> None:
        self.store.flush()

    def close(self) -> None:
        self.store.close()


def value(cache: Cache, *words: object) -> Any:
    entry = cache.get(*words)  # type: ignore[arg-type]
    return None if entry is None else entry.value


def away(server: OwnRedis, clock: ManualClock) -> None:
    server.kill()
    clock.advance_s(2)


def back(server: OwnRedis, clock: ManualClock) -> None:
    server.start()
    clock.advance_s(2)
