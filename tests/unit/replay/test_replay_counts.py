"""The report counts what nobody can read instead of failing on it."""

import pytest
from confluent_kafka import Message

from schemas.identity import SeenIdentities
from schemas.topics import Topic
from tickerplant.replay.counts import TopicCount, _take


@pytest.mark.parametrize("topic", [Topic.TICKS, Topic.BARS, Topic.DLQ])
@pytest.mark.parametrize(
    ("value", "identity"),
    [
        (None, None),
        (b'{"source":"\xff"', None),
        (b'{"a":' + b"[" * 100_000, None),
        (b'{"v":1}', b"garbage \xff"),
    ],
    ids=["null", "utf-8", "nesting", "identity"],
)
def test_unreadable_record_is_counted(topic: Topic, value: bytes | None, identity: bytes | None) -> None:
    count = TopicCount()
    _take(topic, Message(topic=topic.value, partition=0, offset=0, value=value, headers=[("id", identity)]), SeenIdentities(), count)
    assert (count.records, count.kinds) == (1, {"undecodable": 1})
