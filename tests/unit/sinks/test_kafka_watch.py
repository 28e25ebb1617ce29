"""Broker and lag from librdkafka's statistics."""

import json

from schemas.topics import Topic
from sinks.kafka_watch import KafkaWatch


def statistics(state: str, high: int, coordinator: str = "UP") -> str:
    partitions = {"0": {"hi_offset": high}, "-1": {"hi_offset": -1001}}
    brokers = {"localhost:9092/1": {"nodeid": 1, "state": state}, "GroupCoordinator": {"nodeid": 1, "state": coordinator}}
    return json.dumps({"brokers": brokers, "topics": {"physical": {"partitions": partitions}}, "ts": 1})


def test_a_broker_comes_and_goes() -> None:
    watch = KafkaWatch("sink-test", {"physical": Topic.TICKS})
    assert watch.missing() == "no statistics yet"
    watch.on_statistics(statistics("UP", 10))
    assert watch.missing() == ""
    watch.on_statistics(statistics("TRY_CONNECT", 10))
    assert watch.missing() == "no broker answers"


def test_lag_is_what_is_not_stored() -> None:
    watch = KafkaWatch("sink-test", {"physical": Topic.TICKS})
    watch.on_statistics(statistics("UP", 110))
    watch.measure_lag({(Topic.TICKS, 0): 100, (Topic.TICKS, 1): 5})
    assert watch.behind(10) == ""
    assert watch.behind(9) == "10 records behind"
