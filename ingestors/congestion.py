"""What an ingestor does while the broker does not keep up: it stands still, so that its queues fill up, and then the sockets are read no more."""

import asyncio
from collections.abc import Callable

from ingestors.frame_queue import FrameQueue
from ingestors.publisher import EventPublisher
from runtime import metrics
from schemas.reasons import Reason

_WAIT_S = 0.02


class Congestion:
    """stage: the ingestor's name on metrics. newest_only: of frames with the same key only the newest counts, see Venue; None: every frame counts.

    on_progress: called while it waits, since to wait for the broker is no standstill of ours.
    """

    def __init__(
        self, publisher: EventPublisher, stage: str, newest_only: Callable[[bytes], bytes] | None, on_progress: Callable[[], None]
    ) -> None:
        self._publisher = publisher
        self._stage = stage
        self._newest_only = newest_only
        self._on_progress = on_progress

    async def wait(self, queue: FrameQueue) -> None:
        """Until the publisher takes more. queue: what came last was taken from it."""
        while self._publisher.congested():
            self._relieve(queue)
            self._on_progress()
            await asyncio.sleep(_WAIT_S)
            self._publisher.poll()

    def _relieve(self, queue: FrameQueue) -> None:
        """Once the queue is full too, quotes that a newer one has overtaken are left out: trades never are."""
        if self._newest_only:
            metrics.DROPPED.labels(self._stage, Reason.CONFLATED).inc(queue.conflate(self._newest_only))
