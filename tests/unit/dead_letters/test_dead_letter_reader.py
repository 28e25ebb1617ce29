"""Records in the topic of dead letters that are none themselves."""

import pytest
from confluent_kafka import Message

from tickerplant.dead_letters.reader import _stored


@pytest.mark.parametrize("value", [None, b"{", b'{"stage":"\xff"}', b'{"a":' + b"[" * 100_000], ids=["null", "json", "utf-8", "nesting"])
def test_what_is_no_letter_is_shown_as_it_lies(value: bytes | None) -> None:
    headers = [("id", b"garbage \xff"), ("trace", None)]
    found = _stored(Message(topic="dlq", partition=2, offset=7, value=value, headers=headers, timestamp=(1, 5)))
    assert (found.partition, found.offset, found.letter, found.raw) == (2, 7, None, value or b"")
    assert found.headers == {"id": "garbage \ufffd", "trace": ""}
