"""How a stage ends when it must not go on: at once, with nothing acknowledged."""

import logging
import os
import sys
from typing import NoReturn

from runtime.errors import EXIT_FATAL
from runtime.logs import get_logger


def stop_loudly(event: str, error: BaseException | None = None, **keys: object) -> NoReturn:
    """Logs, flushes and leaves without unwinding: any `finally`, Faust's commit on stop among them, could acknowledge what was not done."""
    get_logger().error(event, error=repr(error) if error else "", exc_info=error, exit_code=EXIT_FATAL, **keys)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_FATAL)
