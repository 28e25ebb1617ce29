"""A topic counts as made when every partition answers: a broker may tell a leader that does not know yet. Only here can that moment be held."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from runtime.clock import ManualClock
from runtime.errors import TransientError
from runtime.topic_admin import _await_leaders


class Broker:
    """Knows topic `ticks` with two partitions; the second one's leader knows of it after `late` questions."""

    def __init__(self, late: int, clock: ManualClock) -> None:
        self.late, self.clock = late, clock

    def list_topics(self, timeout: float) -> Any:
        return SimpleNamespace(topics={"ticks": SimpleNamespace(partitions={0: None, 1: None})})

    def list_offsets(self, wanted: dict[TopicPartition, Any], request_timeout: float) -> dict[TopicPartition, Future[int]]:
        self.clock.advance_s(1.0)
        self.late -= 1
        answers = {part: Future[int]() for part in wanted}
        for part, answer in answers.items():
            if part.partition == 1 and self.late >= 0:
                answer.set_exception(KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION)))
            else:
                answer.set_result(0)
        return answers


def test_a_partition_whose_leader_does_not_know_yet_is_asked_again() -> None:
    clock = ManualClock(0)
    broker: Any = Broker(3, clock)
    _await_leaders(broker, {"ticks"}, clock)
    assert broker.late == -1


def test_a_leader_that_never_knows_is_said() -> None:
    clock = ManualClock(0)
    broker: Any = Broker(1_000, clock)
    with pytest.raises(TransientError, match=r"no leader after 20\.0 s for ticks"):
        _await_leaders(broker, {"ticks"}, clock)
