"""The process `sink-redis`: put together here, run by sinks.process."""

from functools import partial

from runtime.addresses import resolve
from runtime.clock import Clock
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.settings import Settings
from sinks.process import run_sink
from sinks.reader import TopicReader
from sinks.redis.client import RedisClient
from sinks.redis.store import TOPICS, RedisStore
from sinks.timescale.log_identity import identify
from sinks.worker import SinkWorker

PROCESS = "sink-redis"


def run(settings: Settings, instance: int = 0) -> int:
    """Runs until stopped; returns the exit code."""
    return run_sink(PROCESS, settings, partial(build, settings, instance))


def build(settings: Settings, instance: int, health: Health, clock: Clock) -> SinkWorker:
    """instance: 0, 1, ...; each has a fixed place in the group."""
    addresses = resolve(settings)
    reader = TopicReader(settings.kafka, addresses.kafka, PROCESS, TOPICS, instance)
    store = RedisStore(
        PROCESS,
        RedisClient(addresses.redis, settings.redis),
        reader,
        KillPoints(PROCESS, settings.faults.kill_at, settings.data_dir / "run"),
        clock,
        settings.sink,
        lambda: identify(settings.kafka, addresses.kafka, TOPICS).topic_ids,
    )
    return SinkWorker(PROCESS, reader, store, health, clock, settings)
