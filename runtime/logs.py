"""JSON logs on standard error. `logger.info("event_name", key=value)`: the event is a constant, all that varies is a key; secrets never are."""

import logging
import sys
from typing import Any

import structlog

from runtime.settings import LogSettings

_NOISY = ("faust", "mode", "aiokafka", "kafka", "websockets", "httpx", "httpcore", "asyncio")


def configure(settings: LogSettings, process: str) -> None:
    """Once at start. Silences libraries below warning at their loggers: Faust and aiokafka build debug records that are thrown away, 10-15 % of a stage's time."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    renderer: Any = (
        structlog.processors.JSONRenderer() if settings.format == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def get_logger() -> Any:
    """A structlog logger; bind `trace=` where a record is at hand."""
    return structlog.get_logger()
