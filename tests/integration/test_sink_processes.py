"""Sinks on a line whose servers stay: partitions and topics that are not there yet, poison and repeats that are counted."""

from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from runtime.clock import SystemClock
from runtime.health import Health
from runtime.topic_admin import apply
from schemas.codec import encode
from schemas.topics import Topic
from sinks.redis.worker import build as build_redis
from tests.sink_events import envelope, ticks, trade
from tests.sink_processes import Feed, metrics_of, ready, sink_process, wait_ready
from tests.sinks_world import checksums, count, exact
from tests.support import eventually

pytestmark = pytest.mark.stack


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
