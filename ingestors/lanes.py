"""The connections of one source: its symbols spread over lanes, each with a connector that keeps it alive."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingestors.connector import Connector
from ingestors.conversation import Conversation
from ingestors.frame_queue import FrameQueue
from ingestors.lane import Lane
from ingestors.session import Session
from runtime.clock import Clock
from runtime.errors import FatalError

_FRAME_FACTOR = 16  # the socket takes so many times the largest frame that becomes an event: it can be kept as a dead letter then


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one lane: frames in its queue, bytes of a frame, seconds without data until the connection is taken for dead, symbols."""

    queue_frames: int
    max_frame_bytes: int
    silence_timeout_s: float
    symbols: int


@dataclass(slots=True, eq=False)
class Shard:
    """A lane and what keeps it alive."""

    lane: Lane
    connector: Connector
    task: "asyncio.Future[None]"


def shards_of(symbols: Sequence[str], most: int) -> list[list[str]]:
    """As few groups as hold at most `most` symbols, of equal size but for one."""
    number = max(1, -(-len(symbols) // most))
    return [list(symbols[start::number]) for start in range(number)]


class Lanes:
    """All calls from one event loop. wake: set whenever a frame comes or a connector ends."""

    def __init__(self, make_session: Callable[[], Session], limits: Limits, clock: Clock, wake: asyncio.Event) -> None:
        self._make_session = make_session
        self._limits = limits
        self._clock = clock
        self._wake = wake
        self._shards: list[Shard] = []

    def __iter__(self) -> Iterator[Shard]:
        return iter(tuple(self._shards))

    def start(self, symbols: Collection[str]) -> None:
        """Begins to connect."""
        groups = shards_of(sorted(symbols), self._limits.symbols)
        for group in groups:
            self._shards.append(self._shard(group, max(100, self._limits.queue_frames // len(groups))))

    def _shard(self, symbols: Iterable[str], queue_frames: int, overlaps: bool = False) -> Shard:
        lane = Lane(set(symbols), FrameQueue(queue_frames, self._wake), overlaps)
        connector = Connector(
            lambda: Conversation(self._make_session(), lane.symbols),
            lane.queue,
            self._clock,
            max_size=_FRAME_FACTOR * self._limits.max_frame_bytes,
            silence_timeout_s=self._limits.silence_timeout_s,
        )
        task = asyncio.ensure_future(connector.run())
        task.add_done_callback(lambda _: self._wake.set())
        return Shard(lane, connector, task)

    async def check(self) -> None:
        """Raises what ended a connector: UserError, or FatalError if nobody told it to."""
        for shard in self._shards:
            if shard.task.done():
                await shard.task
                raise FatalError("a connector ended without being told to")

    def backlog(self) -> int:
        """Frames in all queues."""
        return sum(len(shard.lane.queue) for shard in self._shards)

    def connected(self) -> int:
        return sum(shard.connector.connected for shard in self._shards)

    def problem(self) -> str:
        """Why data do not come from all of them, or ""."""
        if not self._shards or not self.connected():
            return "not connected"
        missing = len(self._shards) - self.connected()
        return f"{missing} of {len(self._shards)} connections are missing" if missing else ""

    def data_age_s(self) -> float | None:
        """Of the lane that has been silent longest; None before there are lanes."""
        return max((shard.connector.data_age_s() for shard in self._shards), default=None)

    def refused(self) -> dict[str, str]:
        """Subscriptions that the provider refused, with its words."""
        conversations = [shard.connector.conversation for shard in self._shards]
        return {key: detail for one in conversations if one for key, detail in one.refused.items()}

    async def stop(self) -> None:
        """Closes all connections in order; what was received stays in the queues."""
        for shard in self._shards:
            shard.connector.stop()
        await asyncio.gather(*(shard.task for shard in self._shards))

    def cancel(self) -> None:
        """At once, whatever they do."""
        for shard in self._shards:
            shard.task.cancel()
