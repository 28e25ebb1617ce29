"""How a process ends that must not go on: one line in its log and an exit code that a supervisor understands."""

from collections.abc import Callable

from runtime.errors import EXIT_FATAL, FatalError, TransientError, UserError
from runtime.logs import get_logger


def run_process(body: Callable[[], None]) -> int:
    """Runs a process to its end and returns the exit code: 0, or 70 with one log line. UserError passes: it is for the person at the command line.

    `body` configures the logs before anything can fail.
    """
    try:
        body()
    except UserError:
        raise
    except (FatalError, TransientError) as error:
        get_logger().error("stopped_loudly", error=str(error), exit_code=EXIT_FATAL)
        return EXIT_FATAL
    except Exception as error:  # a bug: nothing that was under way is acknowledged, and the log has the whole story
        get_logger().error("stopped_loudly", error=repr(error), exc_info=error, exit_code=EXIT_FATAL)
        return EXIT_FATAL
    return 0
