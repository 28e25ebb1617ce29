"""What waits for a slow client: bounded, in chains without a hole, and nothing gone uncounted."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.frames import frame
from gateway.groups import Batch, Group, Outgoing
from gateway.queues import ClientQueue
from gateway.series import Channel, SeriesKey
from gateway.variant import PLAIN
from tests.gateway_hub import payloads

MUCH_BYTES = 2**30
KINDS = {"ticks": Channel.TICKS, "bars": Channel.OHLCV, "books": Channel.ORDERBOOK}


class Stream:
    """Numbered messages of one series."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.group = Group(SeriesKey(KINDS[name], "A", "", ""), PLAIN, "e", None)
        self.number = 0

    def next(self, is_passing: bool) -> Outgoing:
        self.number += 1
        prev, seq = (f"{self.number - 1}.0" if self.number > 1 else None), f"{self.number}.0"
        body = {"series": self.name, "prev": prev, "seq": seq, "passing": is_passing}
        return Outgoing(prev, seq, frame(json.dumps(body).encode()), is_passing)

    def batch(self, *passing: bool) -> Batch:
        messages = [self.next(one) for one in passing]
        return Batch(self.group, messages, b"".join(one.frame for one in messages))


def read(queue: ClientQueue) -> list[dict[str, Any]]:
    found = []
    while queue:
        found += [json.loads(payload) for payload in payloads(queue.pop(3)[0])]
    return found


def test_newer_quotes_take_the_place_of_older_ones_and_the_chain_says_so() -> None:
    queue, ticks = ClientQueue(10, MUCH_BYTES), Stream("ticks")
    assert queue.put(ticks.batch(False, True, True, True, False, True))
    found = read(queue)
    assert [message["seq"] for message in found] == ["1.0", "3.0", "4.0", "5.0", "6.0"]
    notice = found[1]
    assert (notice["type"], notice["reason"], notice["count"], notice["prev"]) == ("skipped", "conflated", 2, "1.0")


def test_states_never_fill_the_queue() -> None:
    queue, books = ClientQueue(10, MUCH_BYTES), Stream("books")
    assert all(queue.put(books.batch(True, True)) for _ in range(1000))
    assert [message["seq"] for message in read(queue)] == ["1999.0", "2000.0"]


def test_too_many_trades_become_one_notice_that_tells_where_to_resume() -> None:
    queue, ticks, books = ClientQueue(10, MUCH_BYTES), Stream("ticks"), Stream("books")
    assert queue.put(books.batch(True))
    assert not queue.put(ticks.batch(*[False] * 25))
    assert queue.collapse() == 25
    queue.put(ticks.batch(False))
    found = read(queue)
    assert [message.get("type", message.get("series")) for message in found] == ["books", "skipped", "ticks"]
    assert (found[1]["reason"], found[1]["prev"], found[1]["seq"], found[1]["count"]) == ("behind", None, "25.0", 25)


def test_few_large_messages_are_too_many_as_well() -> None:
    ticks = Stream("ticks")
    size = len(ticks.next(False).frame)
    queue = ClientQueue(1000, 10 * size)
    assert not queue.put(ticks.batch(*[False] * 25))
    assert 9 * size < queue.waiting_bytes <= 11 * size
    assert queue.collapse() == 25
    assert queue.waiting_bytes == 0
    assert queue.put_answer(b"x" * 20 * size)
    assert queue.answers_bytes == 20 * size
    assert not queue.put_answer(b"x")


def test_what_follows_an_answer_does_not_move_before_it() -> None:
    queue, books = ClientQueue(10, MUCH_BYTES), Stream("books")
    queue.put(books.batch(True))
    queue.put_answer(frame(b'{"type":"snapshot"}'))
    queue.put(books.batch(True))
    assert [message.get("type") for message in read(queue)] == [None, "snapshot", None]


STEPS = st.one_of(
    st.tuples(st.sampled_from(sorted(KINDS)), st.lists(st.booleans(), min_size=1, max_size=4)), st.just("read"), st.just("answer")
)


@given(st.lists(STEPS, max_size=80), st.integers(1, 6))
def test_every_chain_is_whole_and_every_message_accounted_for(steps: list[Any], limit: int) -> None:
    queue, streams, found = ClientQueue(limit, MUCH_BYTES), {name: Stream(name) for name in KINDS}, list[dict[str, Any]]()
    answers = 0
    for step in steps:
        if step == "read":
            found += [json.loads(payload) for payload in payloads(queue.pop(3)[0])] if queue else []
        elif step == "answer":
            answers += queue.put_answer(frame(b'{"type":"pong"}'))
        else:
            name, passing = step
            is_state = name == "books"
            if not queue.put(streams[name].batch(*[is_state or (one and name == "ticks") for one in passing])):
                queue.collapse()
        assert len(queue) <= limit + answers * (len(KINDS) + 1) + len(KINDS) + 1
    found += read(queue)
    assert (queue.waiting_bytes, queue.answers_bytes) == (0, 0)
    assert sum(message.get("type") == "pong" for message in found) == answers
    for name, stream in streams.items():
        chain = [one for one in found if one.get("series") == name or one.get("channel") == KINDS[name]]
        links = [(one["prev"], one["seq"]) for one in chain]
        assert [prev for prev, _ in links] == [None, *[seq for _, seq in links]][: len(links)]
        assert sum(one.get("count", 1) for one in chain) == stream.number
        assert not links or links[-1][1] == f"{stream.number}.0"
