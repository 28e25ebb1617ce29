"""One worker of a stage, wired: partitions, processor, snapshots, commit gate, and what Faust's consumer asks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import FatalError
from runtime.faults import KillPoints
from runtime.faust_stage.commit_gate import CommitGate, Covered
from runtime.faust_stage.exits import stop_loudly
from runtime.faust_stage.log_limits import Limits, read_limits
from runtime.faust_stage.partitions import Partitions, start_offset
from runtime.faust_stage.processor import Batch, Processor
from runtime.faust_stage.shower import Shower
from runtime.faust_stage.snapshots import SnapshotStore
from runtime.faust_stage.spec import StageSpec
from runtime.kafka import Publisher
from runtime.logs import get_logger
from runtime.lost_records import lost_records
from runtime.settings import Settings
from schemas.codec import encode
from schemas.headers import TYPE
from schemas.reasons import Reason
from schemas.topics import Topic


class Stage:
    """Made inside the running event loop. `app` reaches it as `app.stage`."""

    def __init__(self, spec: StageSpec, settings: Settings, bootstrap: str, kill_points: KillPoints, clock: Clock) -> None:
        self.spec = spec
        self.pace_s = spec.pace_s
        self._clock = clock
        self._kafka = settings.kafka
        self._bootstrap = bootstrap
        self.partitions = Partitions(spec)
        self.store = SnapshotStore(spec.name, spec.state, settings.kafka, bootstrap, clock)
        self._physical = {topic: settings.kafka.topic(topic) for topic in spec.inputs}
        self._logical = {name: topic for topic, name in self._physical.items()}
        self._publisher = Publisher(settings.kafka, bootstrap)
        self._processor = Processor(spec, self.partitions, self._publisher, clock)
        self._gate = CommitGate(
            spec, self.partitions, self._processor, self._publisher, self.store, kill_points, clock, settings.process.stall_timeout_s
        )
        self._shower = Shower(spec, self.partitions, self._publisher, self._processor.gate, clock)
        self.is_restored = False

    def physical(self, topic: Topic) -> str:
        return self._physical[topic]

    def logical(self, topic: str) -> Topic:
        return self._logical[topic]

    def busy_s(self) -> float:
        """How long records have been applied in all. May be asked on any thread."""
        return self._processor.busy_s

    async def process(self, topic: str, partition: int, batch: Batch) -> None:
        """What the agent does with an event. Does not return if going on would lose or falsify data."""
        try:
            await self._processor.process(self._logical[topic], partition, batch)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            stop_loudly("stage_failed", error, topic=topic, partition=partition, first_offset=batch.start)

    async def show(self) -> None:
        """Sends the ephemeral records, for as long as the stage runs. Does not return if a core has a bug."""
        try:
            await self._shower.run()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            stop_loudly("stage_failed", error, part="ephemeral records")

    async def commit(self, commit_offsets: Callable[[Covered], Awaitable[bool]]) -> bool:
        """See CommitGate.commit."""
        return await self._gate.commit(commit_offsets)

    def rests(self) -> bool:
        """See CommitGate.rests."""
        return self._gate.rests()

    def drop(self) -> None:
        """A rebalance begins: nothing that is held now may be used afterwards, for kept partitions neither, because Faust rewinds them too."""
        self.is_restored = False
        self.partitions.drop_all()
        self._gate.wake()

    async def restore(self, partitions: set[int]) -> None:
        """Replaces all states by the newest snapshots; the flow resumes only afterwards."""
        self.drop()
        snapshots = await asyncio.get_running_loop().run_in_executor(None, self.store.read, partitions)
        self.partitions.restore(snapshots)
        get_logger().info(
            "partitions_restored", partitions=sorted(partitions), with_state=sum(one is not None for one in snapshots.values())
        )

    def covered_but_uncommitted(self, committed: Mapping[Any, int | None]) -> dict[Any, int]:
        """What the restored snapshots cover beyond the group's offsets: somebody was killed between his snapshot and his commit. Asked before start_offsets."""
        covered = {}
        for place, offset in committed.items():
            state = self.partitions.get(place.partition)
            covered_offset = state.next_offsets.get(self._logical[place.topic]) if state else None
            if covered_offset is not None and covered_offset > (offset or 0):
                covered[place] = covered_offset
        return covered

    async def limits(self, places: Iterable[tuple[str, int]]) -> Limits:
        """Where the inputs begin and end; asked after the committed offsets, which are never beyond it."""
        return await asyncio.get_running_loop().run_in_executor(None, read_limits, self._kafka, self._bootstrap, places)

    def start_offsets(self, committed: Mapping[Any, int | None], limits: Limits) -> dict[Any, int]:
        """Where each assigned partition is read from; the states take note of it. Raises FatalError where that cannot be exact."""
        starts = {}
        for place in committed:
            topic, state = self._logical[place.topic], self.partitions.get(place.partition)
            if state is None:
                raise FatalError(f"{place.topic}/{place.partition} was assigned, but not restored")
            covered = state.next_offsets.get(topic)
            start = start_offset(covered, committed[place], *limits[place])
            if covered is not None and (committed[place] or 0) > covered:
                get_logger().warning(
                    "snapshot_behind_commit", topic=topic.value, partition=place.partition, covered=covered, committed=committed[place]
                )
            state.next_offsets[topic] = state.durable[topic] = start
            starts[place] = start
        self.is_restored = True
        return starts

    def on_hole(self, topic: str, partition: int, expected: int, found: int) -> None:
        """Offsets that the log does not have (any more): counted, logged, and a gap event that is delivered before they count as read."""
        logical = self._logical[topic]
        metrics.DROPPED.labels(self.spec.name, Reason.LOST_TO_RETENTION).inc(found - expected)
        gap = lost_records(logical, partition, expected, found, self._clock.now_ns())
        self._publisher.send(Topic.GAPS, partition, encode(gap), headers={TYPE: b"gap"})
        get_logger().error("input_lost", topic=logical.value, partition=partition, from_offset=expected, to_offset=found)
