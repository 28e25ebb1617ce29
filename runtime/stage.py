"""What a processor stage is: one class a partition, a deterministic function from one input record and its state to output records.

The shell around it (runtime.faust_stage) reads, drops repeats by identity, guards, writes outputs to the same partition number as the input,
adds the identity and trace headers, stores snapshots and commits. A core does no I/O and asks no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from schemas.topics import Topic


@dataclass(slots=True)
class InputRecord:
    """One Kafka record. topic is the logical one; headers are decoded to a dictionary; timestamp_ms is the broker's."""

    topic: Topic
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: dict[str, bytes] = field(default_factory=dict)
    timestamp_ms: int = 0


@dataclass(slots=True)
class Output:
    """One record to write to the input's partition number. headers: without identity and trace, which the shell adds."""

    topic: Topic
    value: bytes
    key: bytes | None = None
    headers: dict[str, bytes] = field(default_factory=dict)


@runtime_checkable
class Ephemeral(Protocol):
    """What a core may give beside its outputs, for eyes that follow the machine's clock (StageSpec.ephemeral_interval_s).

    ephemeral: records of what the state shows now. Asked between two records; changes nothing that a snapshot holds, so no output of `apply` may depend
    on whether or when it was asked. Such records may be lost, and carry no identity: nobody takes them for repeats, or others because of them.
    """

    def ephemeral(self) -> Iterable[Output]: ...


class StageCore(Protocol):
    """The pure core of one partition.

    apply: outputs of one record, in order. Raises runtime.errors.InvalidRecord when the whole record is bad (the shell dead-letters it; state must be
    unchanged then); a bad part of a record is an Output to Topic.DLQ. Any other exception is a bug: the process stops and nothing is acknowledged.
    snapshot: all state as bytes; restore: from such bytes, on a new instance. restore(snapshot()) must go on exactly as the original would.
    """

    def apply(self, record: InputRecord) -> Iterable[Output]: ...

    def snapshot(self) -> bytes: ...

    def restore(self, snapshot: bytes) -> None: ...
