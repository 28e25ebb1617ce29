"""The simulated exchange as a process of a local stack."""

import asyncio
import os
import signal
from collections.abc import Sequence

import structlog
import uvloop

from ingestors.exchange_server.generator import Generated, Generator
from ingestors.exchange_server.server import ExchangeServer
from runtime.clock import SystemClock
from runtime.health import Health, HealthServer
from runtime.logs import configure
from runtime.settings import Settings
from tickerplant.replay.arguments import MakePace

PROCESS = "exchange"
_TICK_S = 1.0


def run_exchange(
    settings: Settings, symbols: Sequence[str], seed: int, pace: MakePace, history_min: float, trades_per_s: float, host: str, port: int
) -> None:
    """Until SIGTERM or SIGINT. The run file tells `websocket` and `rest`. Raises UserError if a port is taken."""
    configure(settings.log, PROCESS)
    clock = SystemClock()
    start_s = (clock.now_ns() // 1_000_000_000 - round(history_min * 60)) // 60 * 60
    material = Generator(Generated(tuple(symbols), seed, start_s, None, trades_per_s))
    uvloop.run(_serve(settings, ExchangeServer(material, pace(clock), clock, host, port), clock))


async def _serve(settings: Settings, exchange: ExchangeServer, clock: SystemClock) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    websocket, rest = await exchange.start()
    health = Health(PROCESS, clock)
    health.add_check("player", exchange.failure)
    server = HealthServer(health, settings, os.getpid())
    server.start(websocket=websocket, rest=rest)
    log = structlog.get_logger()
    log.info("started", websocket=websocket, rest=rest, simulated=True)
    while not (stopping.is_set() or exchange.failure()):
        health.tick()
        await asyncio.wait([asyncio.ensure_future(stopping.wait())], timeout=_TICK_S)
    server.stop()
    await exchange.stop()
    log.info("stopped")
