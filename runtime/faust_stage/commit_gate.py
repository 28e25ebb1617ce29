"""The commit gate: the only way by which offsets are committed, whatever made Faust want to (interval, stop, a task's error).

1. processing pauses, and the state of every partition that moved is captured together with the offsets that it covers
2. all outputs and dead letters so far are delivered; processing goes on
3. the captured snapshots are written to the state topic and delivered
4. exactly the offsets that the snapshots cover are committed

A failure in 1-3 ends the process: nothing is acknowledged, the next start repeats from the last snapshot, and readers drop the repeats by identity.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import FatalError, TransientError
from runtime.faults import KillPoints
from runtime.faust_stage.exits import stop_loudly
from runtime.faust_stage.partitions import Partitions, PartitionState, Snapshot
from runtime.faust_stage.processor import Processor
from runtime.faust_stage.snapshots import SnapshotStore
from runtime.faust_stage.spec import StageSpec
from runtime.kafka import Publisher
from schemas.topics import Topic

Covered = dict[tuple[Topic, int], int]  # (topic, partition) -> next offset
Captured = list[tuple[PartitionState, Snapshot]]

# To capture, compress and send a byte of state takes 25 ns: with thousands of symbols half a second. After a commit none follows for nine times as long. Not by the
# clock: where the broker or a core is late, a small state is still to be durable soon.
_REST_S_PER_BYTE, _LONGEST_REST_S = 225e-9, 10.0
_STALL_SHARE = 0.25  # of the time after which a stage that does not commit counts as stalled


class CommitGate:
    """One a process. `commit` may be called at any time from the event loop; a second call waits for the first."""

    def __init__(
        self,
        spec: StageSpec,
        partitions: Partitions,
        processor: Processor,
        publisher: Publisher,
        store: SnapshotStore,
        kill_points: KillPoints,
        clock: Clock,
        stall_timeout_s: float,
    ) -> None:
        self._stage = spec.name
        self._partitions = partitions
        self._processor = processor
        self._publisher = publisher
        self._store = store
        self._reach = kill_points.reach
        self._clock = clock
        self._one = asyncio.Lock()
        self._longest_rest_s = min(_LONGEST_REST_S, _STALL_SHARE * stall_timeout_s)
        self._rests_until_s = 0.0

    def wake(self) -> None:
        """The states are other ones from now on."""
        self._rests_until_s = 0.0

    def rests(self) -> bool:
        """Commits would take more than a tenth of the time: one that need not be now is left out."""
        return self._clock.monotonic_s() < self._rests_until_s

    async def commit(self, commit_offsets: Callable[[Covered], Awaitable[bool]]) -> bool:
        """Runs the steps; commit_offsets does the fourth. True if offsets were committed. Does not return if a step before failed."""
        async with self._one:
            started_s = self._clock.monotonic_s()
            try:
                captured = await self._deliver_outputs()
                await asyncio.get_running_loop().run_in_executor(None, self._store.write, {s.partition: snap for s, snap in captured})
            except (FatalError, TransientError) as error:
                stop_loudly("commit_failed", error)
            self._reach("snapshot_delivered")
            committed = await commit_offsets(self._covered(captured))
            self._reach("offsets_committed")
            ended_s, size = self._clock.monotonic_s(), sum(len(snapshot.core) for _, snapshot in captured)
            self._rests_until_s = ended_s + min(size * _REST_S_PER_BYTE, self._longest_rest_s)
            metrics.COMMIT_SECONDS.labels(self._stage).observe(ended_s - started_s)
            metrics.COMMITS.labels(self._stage).inc(committed)
            return committed

    async def _deliver_outputs(self) -> Captured:
        """Steps 1 and 2."""
        self._processor.gate.clear()
        try:
            while not self._processor.between_records.is_set():
                await self._processor.between_records.wait()
            captured = [one async for one in self._capture()]
            self._reach("outputs_produced")
            if not self._publisher.is_delivered():  # where records trickle all is, and the next one need not wait for another thread
                await asyncio.get_running_loop().run_in_executor(None, self._publisher.flush)
        finally:
            self._processor.gate.set()
        self._reach("outputs_delivered")
        return [one for one in captured if self._partitions.is_current(one[0])]

    async def _capture(self) -> AsyncIterator[tuple[PartitionState, Snapshot]]:
        """Each partition's state by itself, which is all that has to hold together: a large one takes so long that the loop has its turn after it."""
        for state in self._partitions.dirty():
            yield state, state.capture(self._stage)
            await asyncio.sleep(0)

    def _covered(self, captured: Captured) -> Covered:
        """Marks the states as durable and names their offsets; a state that a rebalance took away meanwhile is not ours to commit."""
        covered: Covered = {}
        for state, snapshot in captured:
            if self._partitions.is_current(state):
                state.version = snapshot.version
                state.durable = {Topic(topic): offset for topic, offset in snapshot.next_offsets.items()}
                covered |= {(topic, state.partition): offset for topic, offset in state.durable.items()}
        return covered
