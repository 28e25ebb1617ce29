"""Faust's Kafka client in the stage's own event loop.

Faust gives the client a thread with a second event loop, so that a slow agent cannot hold up its heartbeats. Then every fetch is a call into that
thread and back: two queues, two wake-ups, and each side waits for the interpreter's lock while the other computes. A stage has no slow agent:
it gives the loop its turn after 50 records or 20 ms, and what blocks runs in threads of its own. See docs/adr/0009.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from faust.transport.drivers import aiokafka as driver
from mode.utils.futures import maybe_async


class SameLoopClient(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust is untyped
    """A "consumer thread" without a thread. Its life is the one of mode's ServiceThread: `_serve` from start to stop, as a task."""

    def __init__(self, consumer: driver.Consumer, *, loop: asyncio.AbstractEventLoop, beacon: Any) -> None:
        super().__init__(consumer, loop=loop, thread_loop=loop, beacon=beacon)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when the client has joined; raises what its start raises."""
        self._thread_started.set()
        self._thread_running = self.parent_loop.create_future()
        self._serving = self.parent_loop.create_task(self._serve())
        try:
            await self._thread_running
        finally:
            self._thread_running = None

    async def call_thread(self, fun: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """At once: there is nobody to hand it over to."""
        return await maybe_async(fun(*args, **kwargs))

    async def _gather_remaining_tasks(self) -> None:
        """The loop's other tasks are the stage's own; a thread would end the client's left-over ones here."""
