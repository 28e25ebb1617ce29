"""Whatever is cut off, superseded or mixed in the state topic: a snapshot is read whole, or not at all, and the one that covers most wins."""

import random

from hypothesis import given
from hypothesis import strategies as st

from runtime.faust_stage.partitions import Snapshot
from runtime.faust_stage.snapshots import newest_complete, split

CHUNK_BYTES = 50


def _snapshot(version: int, offset: int, size: int) -> Snapshot:
    core = random.Random(version * 1000 + size).randbytes(size)
    return Snapshot("bars", version, {"market.ticks": offset}, {"validate|market.ticks.raw|0": (offset, version)}, core)


def _records(snapshot: Snapshot, uid: str) -> list[tuple[bytes, bytes]]:
    return list(split(snapshot, uid, CHUNK_BYTES))


def _compacted(records: list[tuple[bytes, bytes]]) -> list[bytes]:
    """What a compacted topic keeps at least: the newest record of each key."""
    return list(dict(records).values())


sizes = st.integers(min_value=0, max_value=400)


@given(sizes)
def test_a_snapshot_comes_back_as_it_was(size: int) -> None:
    snapshot = _snapshot(3, 77, size)
    assert newest_complete(value for _, value in _records(snapshot, "u")) == snapshot


@given(st.lists(sizes, min_size=1, max_size=6), st.data())
def test_a_crash_in_the_middle_of_writing_leaves_the_snapshot_before(all_sizes: list[int], data: st.DataObject) -> None:
    """Written one after the other into two slots, the last one cut anywhere, then compacted or not."""
    snapshots = [_snapshot(version, version * 10, size) for version, size in enumerate(all_sizes, start=1)]
    last = _records(snapshots[-1], f"u{len(snapshots)}")
    kept = data.draw(st.integers(min_value=0, max_value=len(last)))
    log = [record for version, one in enumerate(snapshots[:-1], start=1) for record in _records(one, f"u{version}")] + last[:kept]
    whole = snapshots[-1] if kept == len(last) else (snapshots[-2] if len(snapshots) > 1 else None)
    assert newest_complete(_compacted(log)) == whole
    assert newest_complete(value for _, value in log) == whole


@given(sizes, sizes, st.randoms(use_true_random=False))
def test_two_writers_of_one_slot_are_never_put_together(size: int, other_size: int, order: random.Random) -> None:
    """A worker that was paused past its session may still write while the next owner does: same slot, same version."""
    ours, theirs = _snapshot(2, 40, size), _snapshot(2, 30, other_size)
    log = [*_records(ours, "ours"), *_records(theirs, "theirs")]
    order.shuffle(log)
    assert newest_complete(_compacted(log)) in (ours, theirs, None)
    assert newest_complete(value for _, value in log) == ours


def test_an_empty_topic_has_none() -> None:
    assert newest_complete([]) is None
