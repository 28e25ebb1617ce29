"""While the broker does not keep up nothing is taken from the queues, and of a full queue's quotes only the newest of each symbol are kept."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ingestors import congestion
from ingestors.congestion import Congestion
from ingestors.frame_queue import FrameQueue


class Broker:
    """Takes nothing for so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.polls = 0

    def congested(self) -> bool:
        self.looks -= 1
        return self.looks >= 0

    def poll(self) -> None:
        self.polls += 1


def symbol_of_quote(frame: bytes) -> bytes:
    return frame[:1] if frame.islower() else b""


async def waited(looks: int, queue: FrameQueue, newest_only: Callable[[bytes], bytes] | None = symbol_of_quote) -> tuple[int, int]:
    """Polls of the broker and signs of progress."""
    progress: list[int] = []
    broker: Any = Broker(looks)
    await Congestion(broker, "ingest.test", newest_only, lambda: progress.append(1)).wait(queue)
    return broker.polls, len(progress)


def queue_of(*frames: bytes, limit: int) -> FrameQueue:
    queue = FrameQueue(limit)
    queue.put([(1, frame) for frame in frames], None)
    return queue


def dropped() -> float:
    return REGISTRY.get_sample_value("tickerplant_dropped_total", {"stage": "ingest.test", "reason": "conflated"}) or 0.0


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(congestion, "_WAIT_S", 0.0)


async def test_it_waits_as_long_as_the_broker_does_not_keep_up_and_says_that_it_lives() -> None:
    assert await waited(0, queue_of(limit=9)) == (0, 0)
    assert await waited(3, queue_of(limit=9)) == (3, 3)


async def test_overtaken_quotes_of_a_full_queue_are_left_out_and_counted_trades_never() -> None:
    queue, before = queue_of(b"a1", b"TRADE", b"a2", b"b1", b"TRADE", limit=4), dropped()
    await waited(1, queue)
    assert [frame for _, frame in queue.take(9)] == [b"TRADE", b"a2", b"b1", b"TRADE"]
    assert dropped() == before + 1


@pytest.mark.parametrize(("limit", "looks", "newest_only"), [(9, 1, symbol_of_quote), (4, 0, symbol_of_quote), (4, 1, None)])
async def test_nothing_is_left_out_with_room_without_need_or_where_every_frame_counts(limit: int, looks: int, newest_only: Any) -> None:
    queue = queue_of(b"a1", b"TRADE", b"a2", b"b1", b"TRADE", limit=limit)
    await waited(looks, queue, newest_only)
    assert len(queue) == 5
