"""Outputs are held so that they share a request, but never while anybody else has a turn: what a commit covers is sent."""

import asyncio
import itertools
import threading
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.errors import TransientError
from runtime.faust_stage.partitions import Partitions, PartitionState
from runtime.faust_stage.processor import Batch, Processor
from runtime.faust_stage.spec import StageSpec
from runtime.stage import InputRecord, Output
from schemas.headers import IDENTITY
from schemas.topics import Topic


class Echo:
    """Gives back what it gets. asked: called before each record; may raise."""

    def __init__(self, _: int = 0) -> None:
        self.asked = lambda: None

    def apply(self, record: InputRecord) -> Iterable[Output]:
        self.asked()
        return (Output(Topic.BARS, record.value),)

    def snapshot(self) -> bytes:
        return b""

    def restore(self, snapshot: bytes) -> None:
        return


class Sent:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[tuple[Topic, bytes, bytes]] = []

    def send(self, topic: Topic, _partition: int, value: bytes, _key: bytes | None, headers: dict[str, bytes]) -> None:
        self.records.append((topic, value, headers[IDENTITY]))

    def poll(self) -> None:
        return

    def waiting(self) -> int:
        return 0


def made(clock: ManualClock | None = None) -> tuple[Processor, PartitionState, Sent]:
    spec = StageSpec("bars", "process-bars", (Topic.TICKS,), Topic.STATE_BARS, Echo, 0.0, 1.0)
    partitions, sent = Partitions(spec), Sent()
    partitions.restore({0: None})
    state = next(iter(partitions))
    state.next_offsets[Topic.TICKS] = 0
    publisher: Any = sent
    return Processor(spec, partitions, publisher, clock or ManualClock()), state, sent


def batch(*values: bytes, headers: tuple[tuple[str, bytes], ...] = ()) -> Batch:
    return Batch(0, [SimpleNamespace(offset=at, key=None, value=value, headers=headers, timestamp=0) for at, value in enumerate(values)])


@pytest.mark.parametrize("size", [1, 3_000, 300_000])
async def test_whenever_others_have_their_turn_all_outputs_so_far_are_sent(size: int) -> None:
    processor, state, sent = made()
    values = [b"%d" % number + b"x" * size for number in range(120)]
    task = asyncio.create_task(processor.process(Topic.TICKS, 0, batch(*values)))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
        assert len(sent.records) == state.next_offsets[Topic.TICKS]
    await task
    assert turns > 2
    assert sent.records == [(Topic.BARS, value, b"bars|market.ticks|0|%d|0" % at) for at, value in enumerate(values)]


async def test_what_was_made_before_a_transient_error_does_not_wait_for_its_end() -> None:
    processor, state, sent = made()
    assert isinstance(state.core, Echo)
    asked, seen = iter(range(100)), []

    def second_fails_once() -> None:
        number = next(asked)
        if number == 1:
            raise TransientError("not now")
        if number == 2:
            seen.append(len(sent.records))

    state.core.asked = second_fails_once
    await processor.process(Topic.TICKS, 0, batch(b"a", b"b", b"c"))
    assert seen == [1]
    assert [value for _, value, _ in sent.records] == [b"a", b"b", b"c"]


async def test_a_record_that_is_refused_keeps_its_place_among_the_outputs() -> None:
    processor, _, sent = made()
    records = batch(b"a", b"b")
    records.records[0].headers = ((IDENTITY, b"nonsense"),)
    await processor.process(Topic.TICKS, 0, records)
    assert [topic for topic, _, _ in sent.records] == [Topic.DLQ, Topic.BARS]


async def test_records_that_take_long_give_others_their_turn_after_each() -> None:
    clock = ManualClock()
    processor, state, _ = made(clock)
    assert isinstance(state.core, Echo)
    state.core.asked = lambda: clock.advance_s(0.015)
    task = asyncio.create_task(processor.process(Topic.TICKS, 0, batch(*[b"x"] * 10)))
    done = [0]
    while not task.done():
        await asyncio.sleep(0)
        done.append(state.next_offsets[Topic.TICKS])
    assert max(after - before for before, after in itertools.pairwise(done)) == 2


async def test_nothing_is_applied_while_a_commit_captures_though_it_began_when_too_much_was_undelivered() -> None:
    processor, state, sent = made()
    flushing, flushed = threading.Event(), threading.Event()

    def flush() -> None:
        flushing.set()
        assert flushed.wait(10)

    sent.waiting, sent.flush = lambda: 20_001, flush  # type: ignore[method-assign, attr-defined]
    task = asyncio.create_task(processor.process(Topic.TICKS, 0, batch(b"a")))
    await asyncio.to_thread(flushing.wait, 10)
    processor.gate.clear()
    flushed.set()
    await asyncio.sleep(0.05)
    assert state.next_offsets[Topic.TICKS] == 0
    processor.gate.set()
    await task
    assert state.next_offsets[Topic.TICKS] == 1
