"""Sinks as processes while their servers go away in the middle of a load: nothing lost, nothing twice, no process gone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from runtime.clock import SystemClock
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.kafka import consumer
from runtime.settings import RedisSettings, SinkSettings
from runtime.topic_admin import apply
from schemas.codec import encode
from schemas.topics import Topic
from sinks.reader import TopicReader
from sinks.redis.client import RedisClient
from sinks.redis.store import TOPICS as REDIS_TOPICS
from sinks.redis.store import RedisStore
from sinks.redis.worker import build as build_redis
from sinks.timescale.store import TOPICS as TIMESCALE_TOPICS
from sinks.worker import SinkWorker
from tests.sink_events import envelope, ticks, trade
from tests.sink_processes import Feed, log_of, metrics_of, ready, sink_process, wait_ready
from tests.sinks_world import EPOCHS, checksums, count, query, redis_values
from tests.support import eventually

pytestmark = pytest.mark.stack
TICKS = 20_000
SMALL = {"TICKERPLANT_SINK__BATCH_ROWS": "500", "TICKERPLANT_SINK__BATCH_INTERVAL_S": "0.02"}


@contextmanager
def stopping(stack: Any, name: str) -> Iterator[Callable[[], object]]:
    """A function that kills a server of the session, which is started again with its data at the end of the block."""
    if stack.running is None:
        pytest.skip("the servers are not ours to stop")
    child = stack.running.children[name]
    try:
        yield lambda: child.stop(0)
    finally:
        child.stop(0)
        stack.running.restart(name)


@contextmanager
def stopped(stack: Any, name: str) -> Iterator[None]:
    """A server of the session killed, and started again with its data."""
    with stopping(stack, name) as stop:
        stop()
        yield


def exact(line: Any, last: int) -> None:
    assert query(line, "SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM market_ticks") == [(last, last, 1, last)]


def test_postgres_killed_in_the_middle_of_a_load(line: Any, stack: Any) -> None:
    writer = Feed(line)
    with sink_process(line, "timescale", **SMALL) as process:
        writer.send_ticks(1, TICKS, size=20)
        writer.flush()
        eventually(lambda: count(line) > 0, 60)
        with stopped(stack, "postgres"):
            writer.send_ticks(TICKS + 1, TICKS + 5000, size=20)
            writer.flush()
            eventually(lambda: "postgres" in (failing := _failing(line, "sink-timescale")) and "kafka" not in failing, 60)
        eventually(lambda: count(line) == TICKS + 5000, 90)
        wait_ready(line, "sink-timescale")
        assert process.poll() is None, log_of(line, "timescale")
    exact(line, TICKS + 5000)


def test_connections_cut_again_and_again(line: Any) -> None:
    writer = Feed(line)
    writer.send_ticks(1, TICKS, size=10)
    writer.flush()
    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name LIKE 'sink-timescale%' AND datname = current_database()"
    )
    with sink_process(line, "timescale", **SMALL) as process:
        cuts = 0
        while count(line) < TICKS:
            cuts += query(line, cut)[0][0]
            before = count(line)
            eventually(lambda at=before: count(line) >= min(TICKS, at + 1500), 60)
        assert process.poll() is None, log_of(line, "timescale")
    assert cuts > 0
    exact(line, TICKS)


def test_redis_killed_in_the_middle_of_a_load(line: Any, stack: Any) -> None:
    writer = Feed(line)
    with sink_process(line, "redis", **SMALL) as process:
        writer.send_ticks(1, 1000)
        writer.flush()
        eventually(lambda: redis_values(line), 60)
        with stopped(stack, "redis"):
            writer.send_ticks(1001, 2000)
            writer.flush()
            eventually(lambda: "redis" in _failing(line, "sink-redis"), 60)
        eventually(lambda: redis_values(line).get("quote:BTC-USDT", {}).get("trade_id") == trade(2000).trade_id, 60)
        wait_ready(line, "sink-redis")
        assert process.poll() is None, log_of(line, "redis")


def test_kafka_killed_in_the_middle_of_a_load(line: Any, stack: Any) -> None:
    writer = Feed(line)
    with sink_process(line, "timescale", **SMALL) as process:
        writer.send_ticks(1, 2000)
        writer.flush()
        eventually(lambda: count(line) == 2000, 60)
        with stopped(stack, "kafka"):
            eventually(lambda: "kafka" in _failing(line, "sink-timescale"), 60)
            assert "postgres" not in _failing(line, "sink-timescale")
        writer.send_ticks(2001, 3000)
        writer.flush()
        eventually(lambda: count(line) == 3000, 180)
        assert process.poll() is None, log_of(line, "timescale")
    exact(line, 3000)


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


def test_partitions_lost_and_won_back_while_postgres_is_away(make_line: Any, stack: Any) -> None:
    line = make_line(kafka={"session_timeout_s": 6})
    writer = Feed(line)
    environment = {**SMALL, "TICKERPLANT_KAFKA__SESSION_TIMEOUT_S": "6"}
    with sink_process(line, "timescale", **environment) as process:
        writer.send_ticks(1, 2000)
        writer.flush()
        eventually(lambda: count(line) == 2000, 60)
        with stopped(stack, "postgres"):
            writer.send_ticks(2001, 3000)
            writer.flush()
            eventually(lambda: "postgres" in _failing(line, "sink-timescale"), 60)
            other = TopicReader(line.settings.kafka, line.addresses.kafka, "sink-timescale", TIMESCALE_TOPICS, 1)
            eventually(lambda: other.idle(0.1) or other.assigned, 60)
            other.close()  # its share goes back to the process once its session is over
        eventually(lambda: count(line) == 3000, 180)
        wait_ready(line, "sink-timescale")
        assert process.poll() is None, log_of(line, "timescale")
    exact(line, 3000)


def test_a_sink_that_is_left_no_partition_is_ready(make_line: Any) -> None:
    line = make_line(kafka={"partitions": 1})
    clock = SystemClock()
    healths = [Health("sink-redis", clock) for _ in range(2)]
    workers = [build_redis(line.settings, instance, health, clock) for instance, health in enumerate(healths)]

    def all_ready() -> bool:
        for worker in workers:
            worker.step()
        return all(health.ready()[0] for health in healths)

    eventually(all_ready, 60, interval_s=0)
    for worker in workers:
        worker.stop()
        worker.run()


def test_topics_that_are_made_after_the_start_are_found(make_line: Any) -> None:
    line = make_line()
    names = {topic: f"{line.name}.later.{topic.value}" for topic in Topic}
    later = type(line)(
        line.name, line.settings.model_copy(update={"kafka": line.settings.kafka.model_copy(update={"topic_names": names})}), line.addresses
    )
    with sink_process(later, "timescale"):
        body = eventually(lambda: (found := ready(later, "sink-timescale")).get("checks", {}).get("kafka") == "ok" and found, 60)
        assert "no partitions" in body["checks"]["assignment"]
        apply(later.settings.kafka, later.addresses.kafka)
        writer = Feed(later)
        writer.send_ticks(1, 100)
        writer.flush()
        eventually(lambda: count(later) == 100, 60)
    for answer in AdminClient({"bootstrap.servers": line.addresses.kafka}).delete_topics(list(names.values())).values():
        answer.exception()


def test_poison_in_a_stream_is_counted_and_the_rest_is_stored(line: Any) -> None:
    writer = Feed(line)
    poisoned = [*ticks(1, 500), trade(9001, price="-5"), *ticks(501, 1000)]
    writer.send(Topic.TICKS, envelope(poisoned), b"garbage", envelope(ticks(1001, 1100)))
    writer.flush()
    with sink_process(line, "timescale"):
        eventually(lambda: count(line) == 1100, 60)
        counted = 'tickerplant_ticks_in_total{source="binance-simulated",stage="sink-timescale"} 1101.0'
        eventually(lambda: counted in metrics_of(line, "sink-timescale"), 60)  # a batch is counted once its writer has told of the commit
        text = metrics_of(line, "sink-timescale")
        for reason in ("unstorable", "undecodable"):
            assert f'tickerplant_dead_letters_total{{reason="{reason}",stage="sink-timescale"}} 1.0' in text
        assert 'tickerplant_rows_total{sink="timescale",table="market_ticks"} 1100.0' in text
    exact(line, 1100)


def test_repeated_identities_are_counted_and_not_stored(line: Any) -> None:
    writer = Feed(line)
    value, other = encode(envelope(ticks(1, 10))), encode(envelope(ticks(11, 20)))
    for body in (value, other):
        writer.send(Topic.TICKS, body, headers={"id": b"validate|market.ticks.raw|0|7|0"})
    writer.flush()
    with sink_process(line, "timescale"):
        wait_ready(line, "sink-timescale")
        text = 'tickerplant_dropped_total{reason="repeated_identity",stage="sink-timescale"} 1.0'
        eventually(lambda: text in metrics_of(line, "sink-timescale"), 60)
        eventually(lambda: count(line) == 10, 60)
    before = checksums(line)
    writer.send(Topic.TICKS, other, headers={"id": b"validate|market.ticks.raw|0|7|0"})
    writer.flush()
    with sink_process(line, "timescale"):
        wait_ready(line, "sink-timescale")
        eventually(lambda: text in metrics_of(line, "sink-timescale"), 60)
    assert checksums(line) == before


def _failing(line: Any, process: str) -> list[str]:
    return [name for name, answer in ready(line, process).get("checks", {}).items() if answer != "ok"]
