"""One ingestor as a process: logs, health, signals, exit."""

import asyncio
import os
import pkgutil
import signal

import structlog
import uvloop

from ingestors.registry import PROVIDERS
from runtime.addresses import kafka_address
from runtime.clock import SystemClock
from runtime.health import Health, HealthServer
from runtime.logs import configure
from runtime.settings import Settings


def run_ingestor(provider: str, settings: Settings) -> None:
    """Until SIGTERM or SIGINT; everything received is delivered then. Raises UserError, FatalError."""
    process = PROVIDERS[provider].process
    configure(settings.log, process)
    uvloop.run(_run(provider, process, settings))


async def _run(provider: str, process: str, settings: Settings) -> None:
    clock = SystemClock()
    health = Health(process, clock)
    server = HealthServer(health, settings, os.getpid())
    ingestor = pkgutil.resolve_name(PROVIDERS[provider].ingestor)(settings, kafka_address(settings), clock, health)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ingestor.stop)
    server.start()
    log = structlog.get_logger()
    log.info("started", source=settings.binance.source)
    try:
        await ingestor.run()
    finally:
        server.stop()
    log.info("stopped")
