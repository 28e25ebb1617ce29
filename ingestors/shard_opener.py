"""Opens connections for symbols, each with a queue of its own, as large as the source's limits leave it."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from ingestors.connector import Connector
from ingestors.conversation import Conversation
from ingestors.frame_queue import FrameQueue
from ingestors.lane import Lane
from ingestors.session import Session
from ingestors.shard import Shard
from runtime.clock import Clock

_FRAME_FACTOR = 16  # the socket takes so many times the largest frame that becomes an event: it can be kept as a dead letter then
_LEAST_QUEUE_BYTES = 256 * 1024  # one read of a socket


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one source: frames in its queues and their bytes, bytes of a frame, seconds without data until a connection is taken for dead, symbols of one."""

    queue_frames: int
    queue_bytes: int
    max_frame_bytes: int
    silence_timeout_s: float
    symbols: int

    def queue(self, wake: asyncio.Event) -> FrameQueue:
        """For the frames of a connection that is the only one."""
        return FrameQueue(self.queue_frames, wake, self.queue_bytes)


class ShardOpener:
    """wake: set whenever a frame comes or a connector ends. market_open: whether symbols trade now."""

    def __init__(
        self,
        make_session: Callable[[], Session],
        limits: Limits,
        clock: Clock,
        wake: asyncio.Event,
        market_open: Callable[[Collection[str]], bool],
    ) -> None:
        self._make_session = make_session
        self._limits = limits
        self._clock = clock
        self._wake = wake
        self._market_open = market_open
        self._numbers = count(1)

    def open(self, symbols: Iterable[str], group: str, standby: bool = False) -> Shard:
        """Begins to connect."""
        lane = Lane(set(symbols), self._limits.queue(self._wake), standby, number=next(self._numbers), group=group)
        connector = Connector(
            lambda: self._converse(lane),
            lane.queue,
            self._clock,
            max_size=_FRAME_FACTOR * self._limits.max_frame_bytes,
            silence_timeout_s=self._limits.silence_timeout_s,
            market_open=lambda: self._market_open(lane.symbols),
        )
        task = asyncio.ensure_future(connector.run())
        task.add_done_callback(lambda _: self._wake.set())
        return Shard(lane, connector, task)

    def _converse(self, lane: Lane) -> Conversation:
        session = self._make_session()
        session.group = lane.group
        return Conversation(session, lane.symbols)

    def share_queues(self, shards: Sequence[Shard]) -> None:
        """These are all that there are: each queue may hold its part of the source's limits."""
        for shard in shards:
            shard.lane.queue.limit = max(100, self._limits.queue_frames // len(shards))
            shard.lane.queue.limit_bytes = max(_LEAST_QUEUE_BYTES, self._limits.queue_bytes // len(shards))
