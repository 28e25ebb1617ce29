"""One ingestor as a process: logs, health, signals, exit."""

import asyncio
import os
import pkgutil
import signal
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from ingestors.limits.gates import shared_gates
from ingestors.process_shard import ProcessShard, check_processes
from ingestors.registry import Provider, provider_of
from runtime import garbage
from runtime.addresses import kafka_address
from runtime.clock import Clock, SystemClock
from runtime.errors import UserError
from runtime.health import Health, HealthServer
from runtime.logs import configure
from runtime.settings import Settings


def run_ingestor(name: str, settings: Settings, play: Sequence[Path], shard: ProcessShard) -> None:
    """Until SIGTERM or SIGINT, or the end of the captures to play; everything received is delivered then. shard: what it carries of the provider's symbols.
    Raises UserError, FatalError."""
    provider = provider_of(name)
    check_processes(provider, shard.of, settings.kafka.partitions)
    if play and not shard.whole:
        raise UserError("a capture is played as a whole: --shard and --play do not go together, leave one out")
    configure(settings.log, shard.named(provider.process))
    uvloop.run(_run(provider, settings, play, shard))


async def _run(provider: Provider, settings: Settings, play: Sequence[Path], shard: ProcessShard) -> None:
    clock = SystemClock()
    async with shared_gates(settings, clock):  # before there is a client
        await _ingest(provider, settings, play, shard, clock)


async def _ingest(provider: Provider, settings: Settings, play: Sequence[Path], shard: ProcessShard, clock: Clock) -> None:
    health = Health(shard.named(provider.process), clock)
    server = HealthServer(health, settings, os.getpid())
    ingestor = pkgutil.resolve_name(provider.ingestor)(settings, kafka_address(settings), clock, health)
    if play:
        ingestor.play(play)
    if not shard.whole:
        ingestor.take_shard(shard)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ingestor.stop)
    server.start()
    garbage.settle()
    log = structlog.get_logger()
    log.info("started", source=ingestor.source)
    try:
        await ingestor.run()
    finally:
        server.stop()
    log.info("stopped")
