"""What a stage says of itself; everything else is the same for all stages."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.stage import StageCore
from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class StageSpec:
    """name: in identities, metrics, dead letters and the consumer group (`bars`). process: in run files, logs, kill points (`process-bars`).

    inputs: read from their beginning; more than one share the core of a partition, and then only the order within each topic is repeatable, so
    the outputs of a record must not depend on the other topic. state: the compacted topic of the snapshots. outputs: topics that must exist at start
    (market.dlq always must). core: makes an empty core for a partition number.
    ephemeral: topics of the records that a core gives beside its outputs (runtime.stage.Ephemeral), asked for every ephemeral_interval_s; they must exist too.
    pace_s: waited before a fetch that follows a small one, latency for CPU. commit_interval_s: between commits, so also the work repeated after a crash.
    """

    name: str
    process: str
    inputs: tuple[Topic, ...]
    state: Topic
    core: Callable[[int], StageCore]
    pace_s: float
    commit_interval_s: float
    outputs: tuple[Topic, ...] = ()
    ephemeral: tuple[Topic, ...] = ()
    ephemeral_interval_s: float = 0.25
