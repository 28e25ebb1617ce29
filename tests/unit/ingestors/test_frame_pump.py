"""Frames go from the queues to the feed, a batch of each connection in turn; a connection that stands by is only listened to."""

from types import SimpleNamespace
from typing import Any

import pytest

from ingestors import frame_pump
from ingestors.frame_pump import FramePump
from ingestors.frame_queue import FrameQueue, Stamped
from ingestors.lane import Lane


class World(list[Any]):
    """Connections, and at the same time the feed and the capture; said: what happened, in order."""

    def __init__(self, *sizes: int, standby: int = -1) -> None:
        self.said: list[Any] = []
        self.is_unsure = False
        super().__init__(self._shard(number, size, number == standby) for number, size in enumerate(sizes))

    def _shard(self, number: int, size: int, is_standby: bool) -> Any:
        lane = Lane(set(), FrameQueue(100), is_standby, number=number)
        lane.queue.put([(1, b"frame")] * size, None)
        return SimpleNamespace(lane=lane, connector=SimpleNamespace(data_seen=lambda events: self.said.append(("data", number, events))))

    def backlog(self) -> int:
        return sum(len(shard.lane.queue) for shard in self)

    async def handle(self, lane: Lane, frames: list[Stamped], backlog_frames: int) -> bool:
        self.said.append(("handled", lane.number, len(frames), backlog_frames))
        return bool(frames)

    def listen(self, lane: Lane, frames: list[Stamped]) -> bool:
        self.said.append(("heard", lane.number, len(frames)))
        return False

    def write(self, number: int, frames: list[Stamped]) -> None:
        self.said.append(("kept", number, len(frames)))

    async def wait(self, queue: FrameQueue) -> None:
        self.said.append("waited")

    def must_settle(self) -> bool:
        return self.is_unsure

    async def settle(self) -> None:
        self.said.append("settled")

    def pump(self, *, captures: bool = False) -> FramePump:
        world: Any = self
        return FramePump(world, world, world, world if captures else None, lambda: None)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_pump, "_BATCH_FRAMES", 3)


async def test_a_batch_of_each_that_has_frames_and_the_broker_is_waited_for_after_each() -> None:
    world = World(5, 0, 2)
    assert not await world.pump().turn()
    assert world.said == [("handled", 0, 3, 4), ("data", 0, 3), "waited", ("handled", 2, 2, 2), ("data", 2, 2), "waited"]
    assert world.backlog() == 2


async def test_where_nothing_waits_every_feed_turns_all_the_same_and_what_is_unsure_is_settled() -> None:
    world = World(0, 0)
    world.is_unsure = True
    assert await world.pump().turn()
    assert world.said == [("handled", 0, 0, 0), "waited", ("handled", 1, 0, 0), "waited", "settled"]


async def test_who_stands_by_is_heard_and_not_captured() -> None:
    world = World(1, 1, standby=1)
    await world.pump(captures=True).turn()
    assert world.said == [("kept", 0, 1), ("handled", 0, 1, 1), ("data", 0, 1), "waited", ("heard", 1, 1), "waited"]
