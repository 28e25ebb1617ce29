"""Kafka goes away between a sink's write and its commit: the sink is held there in a thread of the test, and goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition

from runtime.clock import SystemClock
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.kafka import consumer
from runtime.settings import RedisSettings, SinkSettings
from schemas.topics import Topic
from sinks.reader import TopicReader
from sinks.redis.client import RedisClient
from sinks.redis.store import TOPICS as REDIS_TOPICS
from sinks.redis.store import RedisStore
from sinks.worker import SinkWorker
from tests.outages import stopped, stopping
from tests.sink_events import trade
from tests.sink_processes import Feed
from tests.sinks_world import EPOCHS, redis_values
from tests.support import eventually

pytestmark = pytest.mark.stack


class Halt(KillPoints):
    """Holds the sink once at a point, until the test lets it go on."""

    def __init__(self, point: str) -> None:
        super().__init__("sink-redis")
        self._point = point
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def reach(self, point: str) -> None:
        if point == self._point and not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(60)


@contextmanager
def redis_sink_in_a_thread(line: Any, points: KillPoints) -> Iterator[TopicReader]:
    """A whole sink of this process, so that a test can hold it between two steps."""
    clock = SystemClock()
    reader = TopicReader(line.settings.kafka, line.addresses.kafka, "sink-redis", REDIS_TOPICS)
    store = RedisStore(
        "sink-redis", RedisClient(line.addresses.redis, RedisSettings()), reader, points, clock, SinkSettings(), lambda: EPOCHS
    )
    worker = SinkWorker("sink-redis", reader, store, Health("sink-redis", clock), clock, line.settings)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield reader
        assert thread.is_alive()
    finally:
        worker.stop()
        thread.join(60)
    assert not thread.is_alive()


@contextmanager
def asker(line: Any, partition: int) -> Iterator[Callable[[], int]]:
    """A function that tells the Redis sink's offset for ticks on a partition. Asked by a consumer that is no member of the group."""
    kafka = line.settings.kafka
    client = consumer(kafka, line.addresses.kafka, f"{kafka.group_prefix}.sink-redis")

    def committed() -> int:
        try:
            [answer] = client.committed([TopicPartition(kafka.topic(Topic.TICKS), partition)], timeout=5)
        except KafkaException as error:  # the broker has just been started
            raise AssertionError(str(error)) from error
        return int(answer.offset)

    yield committed
    client.close()


def test_kafka_restarted_between_write_and_commit(make_line: Any, stack: Any) -> None:
    """Long enough away that the member is thrown out of its group while its commit is repeated and its partitions are paused."""
    line = make_line(kafka={"session_timeout_s": 6})
    writer = Feed(line)
    writer.send_ticks(1, 1000)
    writer.flush()
    points = Halt("values_written")
    with redis_sink_in_a_thread(line, points) as reader, asker(line, writer.partition) as committed:
        assert points.reached.wait(60)
        before = reader.generation
        with stopped(stack, "kafka"):
            points.go_on.set()
            eventually(reader.watch.missing, 30)
            eventually(lambda: reader.generation > before, 60)
        # Nothing new comes: the offsets of what was written must arrive all the same.
        eventually(lambda: committed() == 20, 60)
        writer.send_ticks(1001, 2000)
        writer.flush()
        eventually(lambda: redis_values(line).get("quote:BTC-USDT", {}).get("trade_id") == trade(2000).trade_id, 60)
        eventually(lambda: committed() == 40, 60)


def test_a_sink_stops_while_kafka_owes_it_an_answer(line: Any, stack: Any) -> None:
    writer = Feed(line)
    writer.send_ticks(1, 1000)
    writer.flush()
    points = Halt("values_written")
    with stopping(stack, "kafka") as stop_kafka, redis_sink_in_a_thread(line, points) as reader:
        assert points.reached.wait(60)
        stop_kafka()
        points.go_on.set()
        eventually(reader.watch.missing, 30)
