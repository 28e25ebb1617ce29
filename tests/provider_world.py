"""What the worlds of streamed and of polled providers share: an ingestor at a provider's own server, with Kafka in memory, and what came out."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest

from ingestors.process_shard import ProcessShard
from runtime.clock import Clock
from runtime.health import Health
from tests.memory_output import MemoryOutput

Wait = tuple[ModuleType, str, float]  # where it stands, its name, how long (or how many) it is in tests


class ProviderWorld:
    """dialect: the provider's, with `name` and `symbols`; server: it speaks it. first, second: symbols."""

    def __init__(self, dialect: Any, server: Any, clock: Clock) -> None:
        self.dialect, self.server = dialect, server
        self.first, self.second = dialect.symbols[:2]
        self.output = MemoryOutput()
        self.health = Health(f"ingest-{dialect.name}", clock)

    @property
    def shard_of_second(self) -> ProcessShard:
        """One of four processes, to which the second symbol falls and not the first."""
        shards = [ProcessShard(4, number, 4) for number in range(1, 5)]
        return next(shard for shard in shards if shard.of_these((self.first, self.second)) == {self.second})

    def ingestor(self, **more: Any) -> Any:
        """Led to the server. more: of the provider's section."""
        raise NotImplementedError

    @asynccontextmanager
    async def ingesting(self, shard: ProcessShard | None = None, **more: Any) -> AsyncIterator[Any]:
        """Until the block ends, then in order. Its end is awaited on the way: what ended it fails the test. shard: the rest is for other processes."""
        ingestor = self.ingestor(**more)
        if shard is not None:
            ingestor.take_shard(shard)
        running = asyncio.ensure_future(ingestor.run())
        try:
            yield ingestor
        finally:
            ingestor.stop()
            await asyncio.wait_for(running, 20)


def shorten(monkeypatch: pytest.MonkeyPatch, waits: Iterable[Wait]) -> None:
    for wait in waits:
        monkeypatch.setattr(*wait)
