"""Moves frames from the queues of all connections to the feed, a batch of each in turn, no faster than the broker takes what comes of them."""

import asyncio
from collections.abc import Callable

from ingestors.congestion import Congestion
from ingestors.feed import Feed
from ingestors.lanes import Lanes
from ingestors.raw_capture import RawCapture
from ingestors.shard import Shard

_BATCH_FRAMES = 2_000  # a few ms of work: then the sockets are read again
_BATCH_BYTES = 4 * 1024 * 1024  # what one batch may add to the producer's queue, about


class FramePump:
    """capture: gets every frame that is published. on_progress: called after each batch."""

    def __init__(
        self, feed: Feed, lanes: Lanes, congestion: Congestion, capture: RawCapture | None, on_progress: Callable[[], None]
    ) -> None:
        self._feed = feed
        self._lanes = lanes
        self._congestion = congestion
        self._capture = capture
        self._on_progress = on_progress

    async def turn(self) -> bool:
        """One batch of each connection, then what is unsure for long enough is asked for. True if no frame was waiting."""
        idle = not self._lanes.backlog()
        for shard in self._lanes:
            if idle or len(shard.lane.queue):
                await self._batch(shard)
        if self._feed.must_settle():
            await self._feed.settle()
        return idle

    async def _batch(self, shard: Shard) -> None:
        lane, feed = shard.lane, self._feed
        frames = lane.queue.take(_BATCH_FRAMES, _BATCH_BYTES)
        if self._capture and frames and not lane.standby:
            self._capture.write(lane.number, frames)
        if feed.listen(lane, frames) if lane.standby else await feed.handle(lane, frames, self._lanes.backlog()):
            shard.connector.data_seen(len(frames))
        self._on_progress()
        await self._congestion.wait(lane.queue)
        await asyncio.sleep(0)  # the sockets' turn
