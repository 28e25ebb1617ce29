"""What a commit covers is what was captured; large states are captured one after the other, and rest between commits."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.faust_stage.commit_gate import CommitGate, Covered
from runtime.faust_stage.partitions import Partitions, PartitionState, Snapshot
from runtime.faust_stage.spec import StageSpec
from runtime.stage import InputRecord
from schemas.topics import Topic


class Core:
    """Its snapshot takes a while."""

    clock: ManualClock
    state = b"state"

    def __init__(self, _partition: int) -> None:
        return

    def apply(self, record: InputRecord) -> tuple[()]:
        return ()

    def snapshot(self) -> bytes:
        self.clock.advance_s(0.05)
        return self.state

    def restore(self, snapshot: bytes) -> None:
        return


class World:
    """A gate over four partitions. written: the snapshots of each commit."""

    def __init__(self, stall_timeout_s: float = 60.0) -> None:
        self.clock = Core.clock = ManualClock()
        Core.state = b"state"
        spec = StageSpec("bars", "process-bars", (Topic.TICKS,), Topic.STATE_BARS, Core, 0.0, 1.0)
        self.partitions = Partitions(spec)
        self.partitions.restore(dict.fromkeys(range(4)))
        self.written: list[dict[int, Snapshot]] = []
        self.is_delivered, self.flushed = True, list[int]()  # how many snapshots were written before each flush
        gate, between = asyncio.Event(), asyncio.Event()
        gate.set()
        between.set()
        self.processor: Any = SimpleNamespace(gate=gate, between_records=between)
        publisher: Any = SimpleNamespace(flush=self._flush, is_delivered=lambda: self.is_delivered)
        store: Any = SimpleNamespace(write=self.written.append)
        points: Any = SimpleNamespace(reach=lambda point: None)
        self.gate = CommitGate(spec, self.partitions, self.processor, publisher, store, points, self.clock, stall_timeout_s)

    def _flush(self) -> None:
        assert not self.processor.gate.is_set()
        self.flushed.append(len(self.written))

    def move(self, offset: int) -> None:
        for state in self.partitions:
            state.next_offsets[Topic.TICKS] = offset

    async def commit(self) -> Covered:
        committed: list[Covered] = []

        async def take(covered: Covered) -> bool:
            committed.append(covered)
            return True

        assert await self.gate.commit(take)
        return committed[0]


async def test_the_loop_has_its_turn_after_each_state_and_no_record_is_applied_meanwhile() -> None:
    world = World()
    world.move(7)
    seen: list[tuple[float, bool]] = []

    async def watch() -> None:
        while True:
            seen.append((round(world.clock.monotonic_s(), 2), world.processor.gate.is_set()))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    assert await world.commit() == {(Topic.TICKS, partition): 7 for partition in range(4)}
    watching.cancel()
    assert {(0.05, False), (0.1, False), (0.15, False), (0.2, False)} <= {*seen}
    assert (0.1, True) not in seen
    assert world.processor.gate.is_set()


async def test_a_state_that_a_rebalance_takes_away_meanwhile_is_not_committed() -> None:
    world = World()
    world.move(7)
    first: PartitionState = next(iter(world.partitions))

    async def take_away() -> None:
        await asyncio.sleep(0)
        world.partitions.drop_all()

    taking = asyncio.create_task(take_away())
    assert await world.commit() == {}
    await taking
    assert world.written == [{}]
    assert first.durable != first.next_offsets


@pytest.mark.parametrize(("size", "rest_s"), [(100_000, 0.09), (5_000_000, 4.5), (50_000_000, 10.0)])
async def test_the_larger_the_four_states_the_longer_commits_rest(size: int, rest_s: float) -> None:
    world = World()
    Core.state = b"x" * size
    assert not world.gate.rests()
    world.move(1)
    await world.commit()
    world.clock.advance_s(rest_s - 0.001)
    assert world.gate.rests()
    world.clock.advance_s(0.002)
    assert not world.gate.rests()


async def test_a_stage_never_rests_so_long_that_it_counts_as_stalled() -> None:
    world = World(stall_timeout_s=8.0)
    Core.state = b"x" * 50_000_000
    world.move(1)
    await world.commit()
    world.clock.advance_s(2.01)
    assert not world.gate.rests()


async def test_after_a_rebalance_nothing_rests() -> None:
    world = World()
    Core.state = b"x" * 5_000_000
    world.move(1)
    await world.commit()
    world.gate.wake()
    assert not world.gate.rests()


@pytest.mark.parametrize(("is_delivered", "flushed"), [(True, []), (False, [0])])
async def test_outputs_are_waited_for_before_the_snapshots_where_some_are_on_their_way(is_delivered: bool, flushed: list[int]) -> None:
    world = World()
    world.is_delivered = is_delivered
    world.move(1)
    await world.commit()
    assert world.flushed == flushed
    assert len(world.written) == 1
