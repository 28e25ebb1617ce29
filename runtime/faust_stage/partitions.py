"""What a worker holds for each assigned partition: core, seen identities, and the offset up to which the state has been brought."""

from collections.abc import Iterable, Iterator

import msgspec

from runtime.errors import FatalError
from runtime.faust_stage.spec import StageSpec
from runtime.stage import StageCore
from schemas.identity import SeenIdentities
from schemas.topics import Topic


class Snapshot(msgspec.Struct, frozen=True):
    """State of one partition, and the input offsets that it covers: next_offsets[topic] is the first offset that is not in it.

    version counts the snapshots of a partition; core: what StageCore.snapshot gave; seen_in: by input topic, schemas.identity.SeenIdentities.
    seen: of all inputs together, as versions before seen_in kept it; holds for topics that seen_in does not name.
    """

    stage: str
    version: int
    next_offsets: dict[str, int]
    seen: dict[str, tuple[int, int]]
    core: bytes
    seen_in: dict[str, dict[str, tuple[int, int]]] = {}


class PartitionState:
    """One partition's state. Changed only by the event loop, a whole record at a time, so at any await it is consistent with next_offsets."""

    __slots__ = ("_seen_before", "_seen_in", "core", "durable", "next_offsets", "partition", "version")

    def __init__(self, partition: int, core: StageCore, snapshot: Snapshot | None = None) -> None:
        self.partition = partition
        self.core = core
        self.next_offsets: dict[Topic, int] = {}
        self._seen_before = dict(snapshot.seen) if snapshot else {}
        self._seen_in = {Topic(topic): SeenIdentities(seen) for topic, seen in (snapshot.seen_in if snapshot else {}).items()}
        self.version = snapshot.version if snapshot else 0
        if snapshot:
            core.restore(snapshot.core)
            self.next_offsets = {Topic(topic): offset for topic, offset in snapshot.next_offsets.items()}
        self.durable = dict(self.next_offsets)

    @property
    def is_dirty(self) -> bool:
        """True if records were applied that no durable snapshot covers."""
        return self.durable != self.next_offsets

    def seen_in(self, topic: Topic) -> SeenIdentities:
        """What was read of this input topic. Apart from the others, because one stage may write several topics from the same input: who has read
        further in one of them would take the other one's records for repeats."""
        seen = self._seen_in.get(topic)
        if seen is None:
            seen = self._seen_in[topic] = SeenIdentities(self._seen_before)
        return seen

    def capture(self, stage: str) -> Snapshot:
        """The state as it is now. Does not block; its cost is the core's snapshot()."""
        offsets = {topic.value: offset for topic, offset in self.next_offsets.items()}
        seen_in = {topic.value: seen.snapshot() for topic, seen in self._seen_in.items()}
        return Snapshot(stage, self.version + 1, offsets, self._seen_before, self.core.snapshot(), seen_in)


class Partitions:
    """The states of the assigned partitions; every rebalance throws all of them away."""

    def __init__(self, spec: StageSpec) -> None:
        self._spec = spec
        self._states: dict[int, PartitionState] = {}

    def get(self, partition: int) -> PartitionState | None:
        return self._states.get(partition)

    def __iter__(self) -> Iterator[PartitionState]:
        return iter(list(self._states.values()))

    def __len__(self) -> int:
        return len(self._states)

    def is_current(self, state: PartitionState) -> bool:
        """False once a rebalance replaced it: what was done with it must not be acknowledged."""
        return self._states.get(state.partition) is state

    def drop_all(self) -> None:
        self._states.clear()

    def restore(self, snapshots: dict[int, Snapshot | None]) -> None:
        """Replaces all states. Raises FatalError for a snapshot of another stage: two stages share a state topic."""
        self._states = {number: self._restored(number, snapshot) for number, snapshot in snapshots.items()}

    def _restored(self, partition: int, snapshot: Snapshot | None) -> PartitionState:
        if snapshot and snapshot.stage != self._spec.name:
            raise FatalError(f"{self._spec.state} holds state of the stage {snapshot.stage}, not of {self._spec.name}")
        return PartitionState(partition, self._spec.core(partition), snapshot)

    def dirty(self) -> Iterable[PartitionState]:
        return [state for state in self._states.values() if state.is_dirty]


def start_offset(covered: int | None, committed: int | None, earliest: int, end: int) -> int:
    """Where reading starts. covered: what the snapshot says, None without one; committed: the group's offset, None without one; earliest and end: the log's.

    The snapshot decides, wherever the committed offset stands: behind it after a crash between snapshot and commit; ahead of it if the newest
    snapshot was lost, and reading again is exact because outputs have the same identities as before. Without a snapshot the state is
    rebuilt from the first record; if that is gone although work was committed, nobody can know the state: FatalError. FatalError too if the snapshot is
    ahead of the log's end: the topic was cut or made anew.
    """
    if covered is not None:
        if covered > end:
            raise FatalError(
                f"the snapshot covers offsets up to {covered}, but the input ends at {end}: the topic was made anew or cut; use new topic names"
            )
        return covered
    if committed and earliest > 0:
        raise FatalError(
            f"offset {committed} is committed, but there is no snapshot and the input starts at {earliest}: the state topic was emptied; "
            "restore it, or take a new kafka.group_prefix to start without history"
        )
    return earliest
