"""Records that the broker had deleted before a reader of ours came to them."""

from schemas.gaps import Gap
from schemas.topics import Topic


def lost_records(topic: Topic, partition: int, expected: int, found: int, known_at_ns: int) -> Gap:
    """Records that the topic dropped (its retention) before this reader had them: offsets expected to found - 1."""
    return Gap(
        gap_id=f"record:{topic.value}:{partition}:{expected - 1}:{found}",
        symbol="",
        source="",
        channel="record",
        cause="retention",
        state="unfillable",
        from_id=expected - 1,
        to_id=found,
        from_ns=0,
        to_ns=0,
        size=found - expected,
        filled=0,
        known_at_ns=known_at_ns,
    )
