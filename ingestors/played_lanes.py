"""Captured frames in place of connections: the same ingestor, with the times of the capture, and nobody to ask for what is missing."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from ingestors.connector import Connector
from ingestors.conversation import Conversation
from ingestors.events import Event
from ingestors.feed import Feed
from ingestors.frame_queue import Marker, Stamped
from ingestors.lane import Lane
from ingestors.lanes import Lanes
from ingestors.raw_capture import Record, read_capture
from ingestors.session import Request, Session
from ingestors.shard import Shard
from ingestors.shard_opener import Limits
from runtime.clock import Clock

_CHUNK = 500  # records put into the queue at once
_WAIT_S = 0.002


class PlayedFrame(bytes):
    """capture_ns: when it was received."""

    capture_ns: int


class PlayedSession(Session):
    """Reads as the real one does, with the capture's clock; says nothing."""

    def __init__(self, real: Session) -> None:
        self._real = real

    async def address(self, symbols: Collection[str]) -> str:
        return ""

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return []

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return []

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        return self._real.parse(frame, frame.capture_ns if isinstance(frame, PlayedFrame) else received_ns)


class PlayedLanes(Lanes):
    """A lane for each connection of the capture. on_end: called once all was read from the queues."""

    def __init__(
        self,
        paths: Sequence[Path],
        make_session: Callable[[], Session],
        limits: Limits,
        clock: Clock,
        wake: asyncio.Event,
        on_end: Callable[[], None],
    ) -> None:
        super().__init__("", make_session, limits, clock, wake)
        self._make_session = make_session
        self._wake = wake
        self._paths = paths
        self._on_end = on_end
        self._by_number: dict[int, Shard] = {}
        self._player: asyncio.Task[None] | None = None
        self._played: set[str] = set()

    def start(self, symbols: Collection[str]) -> None:
        self._played = set(symbols)
        self._player = asyncio.ensure_future(self._play())

    def __iter__(self) -> Iterator[Shard]:
        return iter(tuple(self._by_number.values()))

    async def _play(self) -> None:
        chunk: list[Record] = []
        for record in read_capture(self._paths):
            chunk.append(record)
            if len(chunk) >= _CHUNK:
                await self._put(chunk)
                chunk = []
        await self._put(chunk)
        while self.backlog():  # noqa: ASYNC110 (queues are looked at, nobody tells)
            await asyncio.sleep(_WAIT_S)
        self._on_end()

    async def _put(self, records: list[Record]) -> None:
        while self.backlog() > self._limits.queue_frames or self._heavy():  # noqa: ASYNC110
            await asyncio.sleep(_WAIT_S)
        for record in records:
            shard = self._by_number.get(record.connection) or self._new(record.connection)
            shard.lane.queue.put([self._stamped(record)], None)
        await asyncio.sleep(0)

    def _heavy(self) -> bool:
        return sum(shard.lane.queue.size_bytes for shard in self) > self._limits.queue_bytes

    def _stamped(self, record: Record) -> Stamped:
        """The real clock is the time of receipt: latency is measured from it."""
        if record.kind == "frame":
            frame = PlayedFrame(record.payload)
            frame.capture_ns = record.received_ns
            return self._clock.now_ns(), frame
        return self._clock.now_ns(), Marker(record.kind, self._conversation())

    def _conversation(self) -> Conversation:
        return Conversation(PlayedSession(self._make_session()), ())

    def _new(self, number: int) -> Shard:
        lane = Lane(set(self._played), self._limits.queue(self._wake), played=True, number=number)
        lane.begin(Marker("opened", self._conversation()))  # a later file of a capture begins within a connection
        lane.opened = 0
        idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connector = Connector(self._conversation, lane.queue, self._clock, max_size=0, silence_timeout_s=1e9)
        shard = self._by_number[number] = Shard(lane, connector, idle)
        return shard

    def step(self, feed: Feed) -> None:
        """Nothing to replace."""

    def renew(self, shard: Shard, *, carries_more: bool = False) -> None:
        """The capture has what came next."""

    async def check(self) -> None:
        if self._player and self._player.done():
            self._player.result()

    def problem(self) -> str:
        return ""

    def connected(self) -> int:
        return 1

    def data_age_s(self) -> float | None:
        return 0.0

    async def stop(self) -> None:
        self.cancel()

    def cancel(self) -> None:
        if self._player and self._player is not asyncio.current_task():
            self._player.cancel()
