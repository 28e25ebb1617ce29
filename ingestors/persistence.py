"""Attempts that are repeated while the outside world is in the way, as every ingestor makes them when it starts."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog

from ingestors.backoff import Backoff
from runtime import metrics
from runtime.errors import TransientError
from runtime.health import Health

log = structlog.get_logger()
T = TypeVar("T")


async def persistently(stage: str, part: str, attempt: Callable[[], Awaitable[T]], stopping: asyncio.Event, health: Health) -> T | None:
    """The outcome of `attempt`; None if `stopping` was set meanwhile. part: what is waited for, on the metric and in the log.

    A TransientError is repeated with back-off; every other error passes through.
    """
    backoff = Backoff(0.2, 5.0)
    while not stopping.is_set():
        try:
            result = await attempt()
            metrics.PART_UP.labels(stage, part).set(1)
            return result
        except TransientError as error:
            metrics.PART_UP.labels(stage, part).set(0)
            log.warning("not_started_yet", part=part, error=str(error))
            health.tick()
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 0.1 + backoff.next_s())
    return None
