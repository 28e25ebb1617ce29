"""The identity of an output: which stage made it from which input record. It travels in a header; a reader that has seen it, or a later one of
the same input partition, drops the record as a repeat (a crash after producing and before committing makes repeats, and only them)."""

from typing import NamedTuple

_MAX_PLACE = 2**63 - 1  # beyond it no state could be stored that remembers the identity


class Identity(NamedTuple):
    """(stage, input topic, partition, offset, index among the outputs of that input). Compared by (offset, index) within one partition."""

    stage: str
    topic: str
    partition: int
    offset: int
    output_index: int

    def encode(self) -> bytes:
        """As header value: `bars|market.ticks|3|1234|0`."""
        return f"{self.stage}|{self.topic}|{self.partition}|{self.offset}|{self.output_index}".encode()

    @classmethod
    def decode(cls, raw: bytes) -> "Identity":
        """The identity in a header value. Raises ValueError if it is not one."""
        stage, topic, *places = raw.decode().split("|")
        partition, offset, output_index = map(int, places)
        if not (stage and topic and f"{stage}{topic}".isprintable()):
            raise ValueError("stage or topic is no name")
        if min(partition, offset, output_index) < 0 or max(partition, offset, output_index) > _MAX_PLACE:
            raise ValueError("a number is out of range")
        return cls(stage, topic, partition, offset, output_index)


class SeenIdentities:
    """The newest identity read of every (stage, input topic, input partition); part of a reader's own state, so it survives with it."""

    def __init__(self, seen: dict[str, tuple[int, int]] | None = None) -> None:
        self._seen: dict[str, tuple[int, int]] = dict(seen or {})

    def is_repeat(self, raw: bytes) -> bool:
        """True if this header's identity, or a later one, was read before; else remembers it. Raises ValueError if it is none."""
        stage, topic, partition, offset, index = Identity.decode(raw)
        origin = f"{stage}|{topic}|{partition}"
        position = (offset, index)
        if position <= self._seen.get(origin, (-1, -1)):
            return True
        self._seen[origin] = position
        return False

    def snapshot(self) -> dict[str, tuple[int, int]]:
        """A copy that can be encoded and given to the constructor again."""
        return dict(self._seen)
