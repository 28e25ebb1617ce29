"""What is for eyes takes a tenth of the time at most, and none of it while a commit flushes."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.faust_stage import shower
from runtime.faust_stage.partitions import Partitions
from runtime.faust_stage.shower import Shower
from runtime.faust_stage.spec import StageSpec
from runtime.stage import InputRecord, Output
from schemas.topics import Topic


class Core:
    """Gives one record at each asking, which takes a while."""

    clock: ManualClock
    takes_s: float

    def __init__(self, _partition: int) -> None:
        return

    def apply(self, record: InputRecord) -> tuple[()]:
        return ()

    def ephemeral(self) -> Iterable[Output]:
        self.clock.advance_s(self.takes_s)
        return (Output(Topic.BARS_FORMING, b"bar"),)

    def snapshot(self) -> bytes:
        return b""

    def restore(self, snapshot: bytes) -> None:
        return


class World:
    """A shower over four partitions. slept_s: its pauses; sent: by partition."""

    def __init__(self, takes_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
        Core.clock, Core.takes_s = ManualClock(), takes_s
        spec = StageSpec("bars", "process-bars", (Topic.TICKS,), Topic.STATE_BARS, Core, 0.0, 1.0)
        partitions = Partitions(spec)
        partitions.restore(dict.fromkeys(range(4)))
        self.slept_s: list[float] = []
        self.sent: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        publisher: Any = self
        self._sleep = asyncio.sleep
        monkeypatch.setattr(shower.asyncio, "sleep", self._slept)
        self.shower = Shower(spec, partitions, publisher, self.gate, Core.clock)

    async def _slept(self, seconds: float) -> None:
        if seconds:
            self.slept_s.append(seconds)
        await self._sleep(0)

    def waiting(self) -> int:
        return 0

    def send(self, topic: Topic, partition: int, value: bytes, key: bytes | None, headers: object) -> None:
        self.sent.append(partition)

    async def run(self, turns: int) -> None:
        task = asyncio.create_task(self.shower.run())
        for _ in range(turns):
            await self._sleep(0)
        task.cancel()


@pytest.mark.parametrize(("takes_s", "pause_s"), [(0.0, 0.25), (0.005, 0.25), (0.05, 1.8)])
async def test_the_longer_it_takes_the_longer_it_pauses(takes_s: float, pause_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(takes_s, monkeypatch)
    await world.run(20)
    assert world.sent[:8] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert world.slept_s[:3] == pytest.approx([0.25, pause_s, pause_s])


async def test_nothing_is_sent_while_a_commit_flushes(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(0.0, monkeypatch)
    world.gate.clear()
    await world.run(20)
    assert world.sent == []
