"""Tasks beside the moving of frames, for as long as it goes on. None of them may end: what ended one ends the ingestor."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ingestors.output import Output
from ingestors.publisher import EventPublisher
from runtime import metrics
from runtime.errors import FatalError

_ASK_KAFKA_S = 3.0


class Helpers:
    """wake: set when one ends, so that whoever waits calls `check`."""

    def __init__(self, wake: asyncio.Event) -> None:
        self._wake = wake
        self._tasks: list[asyncio.Future[None]] = []

    def start(self, helpers: Iterable[Callable[[], Awaitable[None]]]) -> None:
        for helper in helpers:
            task = asyncio.ensure_future(helper())
            task.add_done_callback(lambda _: self._wake.set())
            self._tasks.append(task)

    def check(self) -> None:
        """Raises what ended one of them."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise FatalError("a helper of the ingestor ended without being told to")

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


async def wake_regularly(wake: asyncio.Event, interval_s: float) -> None:
    """Watermarks, health and settling go on while nothing comes."""
    while True:
        await asyncio.sleep(interval_s)
        wake.set()


class KafkaCheck:
    """up: whether a broker answered last, for /ready: without one the sockets' data go nowhere."""

    def __init__(self, output: Output, stage: str) -> None:
        self._output = output
        self._part_up = metrics.PART_UP.labels(stage, "kafka")
        self.up = False

    async def run(self, publisher: EventPublisher) -> None:
        """Until it is cancelled."""
        while True:
            self.up = await self._output.answers(publisher)
            self._part_up.set(self.up)
            await asyncio.sleep(_ASK_KAFKA_S)

    def problem(self) -> str:
        return "" if self.up else "no answer"
