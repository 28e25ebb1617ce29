"""Where reading starts, and what a partition's state says of itself."""

from collections.abc import Iterable

import pytest

from runtime.errors import FatalError
from runtime.faust_stage.partitions import Partitions, PartitionState, Snapshot, start_offset
from runtime.faust_stage.spec import StageSpec
from runtime.stage import InputRecord, Output
from schemas.topics import Topic

IDENTITY = b"validate|market.ticks.raw|0|7|0"


class Total:
    """Adds what it is given."""

    def __init__(self, _: int = 0) -> None:
        self.total = 0

    def apply(self, record: InputRecord) -> Iterable[Output]:
        self.total += int(record.value)
        return ()

    def snapshot(self) -> bytes:
        return str(self.total).encode()

    def restore(self, snapshot: bytes) -> None:
        self.total = int(snapshot)


SPEC = StageSpec("bars", "process-bars", (Topic.TICKS,), Topic.STATE_BARS, Total, 0.0, 1.0)


@pytest.mark.parametrize(
    ("covered", "committed", "earliest", "end", "start"),
    [
        (100, 100, 0, 500, 100),
        (100, None, 0, 500, 100),  # killed before the first commit of offsets
        (100, 90, 0, 500, 100),  # killed between snapshot and offsets: the snapshot is ahead and wins
        (100, 120, 0, 500, 100),  # the newest snapshot was lost: repeated, with the same identities
        (100, 100, 300, 500, 100),  # the broker answers with 300, and the hole is counted
        (100, 100, 0, 100, 100),  # at the end
        (None, None, 0, 0, 0),  # nothing yet
        (None, None, 200, 500, 200),  # a new stage on an old topic
        (None, 0, 200, 500, 200),
        (None, 50, 0, 500, 0),  # snapshots lost, log whole: rebuilt from the first record
    ],
)
def test_the_snapshot_decides_where_reading_starts(covered: int | None, committed: int | None, earliest: int, end: int, start: int) -> None:
    assert start_offset(covered, committed, earliest, end) == start


def test_a_snapshot_beyond_the_end_of_the_log_is_fatal() -> None:
    with pytest.raises(FatalError, match="made anew or cut"):
        start_offset(covered=100, committed=100, earliest=0, end=99)


def test_work_was_committed_but_its_state_is_gone_and_cannot_be_rebuilt() -> None:
    with pytest.raises(FatalError, match="the state topic was emptied"):
        start_offset(covered=None, committed=400, earliest=300, end=500)


def test_a_restored_state_goes_on_as_the_captured_one() -> None:
    state = PartitionState(0, Total())
    state.next_offsets[Topic.TICKS] = 0
    state.core.apply(InputRecord(Topic.TICKS, 0, 0, None, b"5"))
    assert not state.seen_in(Topic.TICKS).is_repeat(IDENTITY)
    state.next_offsets[Topic.TICKS] = 1
    snapshot = state.capture("bars")
    assert (snapshot.version, snapshot.next_offsets) == (1, {"market.ticks": 1})

    restored = PartitionState(0, Total(), snapshot)
    assert restored.core.snapshot() == b"5"
    assert restored.seen_in(Topic.TICKS).is_repeat(IDENTITY)
    assert restored.next_offsets == {Topic.TICKS: 1}
    assert (restored.version, restored.is_dirty) == (1, False)


def test_what_was_read_of_one_topic_makes_no_repeats_in_another() -> None:
    """validate writes ticks, gaps and quality from the same input: whoever reads quality further than gaps must still take the gaps."""
    state = PartitionState(0, Total())
    later = b"validate|market.ticks.raw|0|9|0"
    assert not state.seen_in(Topic.QUALITY).is_repeat(later)
    restored = PartitionState(0, Total(), state.capture("alerts"))
    for one in (state, restored):
        assert not one.seen_in(Topic.GAPS).is_repeat(IDENTITY)
        assert one.seen_in(Topic.QUALITY).is_repeat(IDENTITY)


def test_a_snapshot_of_before_knows_what_was_seen_of_all_topics_together() -> None:
    older = Snapshot("bars", 4, {"market.ticks": 10}, {"validate|market.ticks.raw|0": (7, 0)}, b"1")
    state = PartitionState(0, Total(), older)
    assert state.seen_in(Topic.TICKS).is_repeat(IDENTITY)
    again = PartitionState(0, Total(), state.capture("bars"))
    assert again.seen_in(Topic.TICKS).is_repeat(IDENTITY)


def test_only_states_that_moved_are_dirty() -> None:
    partitions = Partitions(SPEC)
    partitions.restore({0: Snapshot("bars", 4, {"market.ticks": 10}, {}, b"1"), 1: None})
    first, second = partitions
    assert list(partitions.dirty()) == []
    second.next_offsets[Topic.TICKS] = 3
    assert list(partitions.dirty()) == [second]
    assert partitions.is_current(first)
    partitions.drop_all()
    assert not partitions.is_current(first)
    assert partitions.get(0) is None


def test_state_of_another_stage_is_refused() -> None:
    with pytest.raises(FatalError, match="holds state of the stage validate, not of bars"):
        Partitions(SPEC).restore({0: Snapshot("validate", 1, {}, {}, b"0")})
