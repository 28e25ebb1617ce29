"""The runner as a process, and one job by hand."""

import asyncio
import os
import signal
from collections.abc import Mapping

from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.health import Health, HealthServer
from runtime.logs import configure, get_logger
from runtime.settings import Settings
from tickerplant.schedule.jobs import JOBS, unknown
from tickerplant.schedule.perform import Performer, now
from tickerplant.schedule.runner import Runner
from tickerplant.schedule.store import Store

PROCESS = "schedule"


def run_schedule(settings: Settings, url: str, environment: Mapping[str, str]) -> None:
    """Until SIGTERM or SIGINT. Raises UserError."""
    check(settings)
    configure(settings.log, PROCESS)
    asyncio.run(_run(settings, url, environment))


async def _run(settings: Settings, url: str, environment: Mapping[str, str]) -> None:
    clock = SystemClock()
    health = Health(PROCESS, clock)
    runner = Runner(settings, url, clock, health, Performer(settings, url, clock, environment))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, runner.stop)
    server = HealthServer(health, settings, os.getpid())
    server.start()
    get_logger().info("started")
    try:
        await runner.run()
    finally:
        server.stop()
    get_logger().info("stopped")


def trigger(settings: Settings, url: str, environment: Mapping[str, str], name: str) -> int:
    """Runs a job now, and waits. The number of the run; its state tells how it ended. Raises UserError."""
    check(settings)
    if name not in JOBS:
        raise UserError(f"there is no job {name!r}; there are: {', '.join(JOBS)}")
    job = JOBS[name]
    idle = job.idle(settings)
    if idle:
        raise UserError(f"{name} has nothing to do: {idle}")
    configure(settings.log.model_copy(update={"level": "error", "format": "text"}), PROCESS)
    clock, store = SystemClock(), Store(url)
    at = now(clock)
    run_id = store.begin(name, at, "trigger")
    store.close()
    asyncio.run(Performer(settings, url, clock, environment).perform(run_id, job, at))
    return run_id


def check(settings: Settings) -> None:
    """Raises UserError for a job in the settings that there is not."""
    strangers = unknown(settings)
    if strangers:
        raise UserError(f"setting schedule.jobs: there is no job {strangers[0]!r}; there are: {', '.join(JOBS)}")
