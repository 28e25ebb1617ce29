"""How good a cache is."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one process' cache since its start. hits: reads that gave a value, from_memory those of them that Redis could not give. hit_rate: 0 to 1, 0 without reads.

    entries, bytes: in memory. evicted: values in memory that made room for others. redis_up: as of the last question.
    """

    reads: int
    hits: int
    from_memory: int
    hit_rate: float
    entries: int
    bytes: int
    evicted: int
    redis_up: bool


def statistics(counts: Mapping[str, int], size: tuple[int, int, int], redis_up: bool) -> Statistics:
    """counts: reads by result."""
    reads = sum(counts.values())
    from_memory = counts.get("memory", 0) + counts.get("expired", 0)
    hits = counts.get("hit", 0) + from_memory
    return Statistics(reads, hits, from_memory, hits / reads if reads else 0.0, *size, redis_up)
