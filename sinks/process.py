"""The shell of a sink process: logs, health, signals, exit code."""

import os
import signal
from collections.abc import Callable

from runtime import garbage, logs
from runtime.clock import Clock, SystemClock
from runtime.health import Health, HealthServer
from runtime.process import run_process
from runtime.settings import Settings
from sinks.worker import SinkWorker

Build = Callable[[Health, Clock], SinkWorker]


def run_sink(process: str, settings: Settings, build: Build) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit code. Raises UserError for what the user can mend. Call from the main thread."""
    logs.configure(settings.log, process)
    clock = SystemClock()
    health = Health(process, clock)
    server = HealthServer(health, settings, os.getpid())
    server.start()

    def body() -> None:
        worker = build(health, clock)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        garbage.settle()
        worker.run()

    try:
        return run_process(body)
    finally:
        server.stop()
