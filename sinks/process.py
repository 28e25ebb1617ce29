"""The shell of a sink process: logs, health, signals, exit code."""

import os
import signal
from collections.abc import Callable

from runtime import logs
from runtime.clock import Clock, SystemClock
from runtime.errors import FatalError, UserError
from runtime.health import Health, HealthServer
from runtime.settings import Settings
from sinks.worker import SinkWorker

EXIT_FATAL = 70  # EX_SOFTWARE: a supervisor starts the process again from its last commit

Build = Callable[[Health, Clock], SinkWorker]


def run_sink(process: str, settings: Settings, build: Build) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit code. Raises UserError for what the user can mend. Call from the main thread."""
    logs.configure(settings.log, process)
    clock = SystemClock()
    health = Health(process, clock)
    server = HealthServer(health, settings, os.getpid())
    server.start()
    try:
        worker = build(health, clock)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
    except UserError:
        raise
    except FatalError as error:
        logs.get_logger().error("stopped_loudly", error=str(error), exit_code=EXIT_FATAL)
        return EXIT_FATAL
    except Exception as error:  # a bug: nothing of its batch is acknowledged, and the log has the whole story
        logs.get_logger().error("stopped_loudly", error=repr(error), exc_info=error, exit_code=EXIT_FATAL)
        return EXIT_FATAL
    finally:
        server.stop()
    return 0
