"""What a Redis server says of itself."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Figures(NamedTuple):
    """bytes: memory in use. keys: of our database. evicted, hits, misses: since the server's start, by all its clients."""

    bytes: int
    keys: int
    evicted: int
    hits: int
    misses: int

    @property
    def hit_rate(self) -> float:
        """0 to 1, 0 without reads."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


def ask(pipeline: Any) -> None:
    """Puts the questions into a pipeline."""
    pipeline.info("memory").info("stats").dbsize()


def figures(answers: Sequence[Any]) -> Figures:
    """Of what `ask` was answered."""
    memory, stats, keys = answers
    return Figures(memory["used_memory"], keys, stats["evicted_keys"], stats["keyspace_hits"], stats["keyspace_misses"])
