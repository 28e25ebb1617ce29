"""What goes to one client: written at once, or queued behind what waits for its socket or for its tier's pace. A gateway.hub.Receiver."""

import asyncio
from collections.abc import Callable

from gateway.access.member import Member
from gateway.connection import Connection
from gateway.queues import ClientQueue

_MOST_BEFORE_SNAPSHOT = 20  # messages that may wait for the pace when the next snapshot, which may be large, is made
_LOOK_AGAIN_S = 0.01


class Outbox:
    """on_behind: called, once and again, when more waits than may."""

    def __init__(self, connection: Connection, member: Member, limit: int, on_behind: Callable[[], None]) -> None:
        self._connection = connection
        self._member = member
        self._queue = ClientQueue(limit)
        self._on_behind = on_behind
        self._paced: asyncio.TimerHandle | None = None
        self.is_closed = False
        self.sent = 0  # messages
        connection.on_writable = self._write_waiting

    @property
    def waiting(self) -> int:
        """Messages."""
        return self._queue.messages

    def send(self, frames: bytes, messages: int = 1) -> None:
        """Does not block, does not raise."""
        connection = self._connection
        if self.is_closed or not connection.is_open:
            return
        if connection.is_writable and not self._queue and not self._pause_s():
            self._write(frames, messages)
        elif self._queue.put(frames, messages):
            self._write_later()
        else:
            self._on_behind()

    def close(self) -> None:
        """Forgets what waits, takes nothing more."""
        self.is_closed = True
        self._queue.clear()
        if self._paced is not None:
            self._paced.cancel()

    async def writable(self) -> None:
        """A client that asks for more than it reads waits for itself."""
        while self._connection.is_open and not self._connection.is_writable:
            await self._connection.drain()

    async def room(self) -> None:
        """The same, and what waits for the tier's pace has nearly gone."""
        await self.writable()
        while self._connection.is_open and self._queue.messages > _MOST_BEFORE_SNAPSHOT:
            await asyncio.sleep(max(_LOOK_AGAIN_S, self._pause_s()))
            await self.writable()

    def _write(self, frames: bytes, messages: int) -> None:
        self._connection.write_frames(frames)
        self.sent += messages
        if self._member.pace is not None:
            self._member.pace.charge(messages)

    def _pause_s(self) -> float:
        """How long the client's tier lets it wait for its next message."""
        pace = self._member.pace
        return 0.0 if pace is None else pace.wait_s()

    def _write_waiting(self) -> None:
        connection = self._connection
        while self._queue and connection.is_open and connection.is_writable and not self._pause_s():
            before = self._queue.messages
            frames = self._queue.pop()
            self._write(frames, before - self._queue.messages)
        self._write_later()

    def _write_later(self) -> None:
        """What waits for the pace goes on by a timer; what waits for the socket by the socket."""
        pause_s = self._pause_s() if self._queue and self._paced is None else 0.0
        if pause_s:
            self._paced = self._connection.loop.call_later(pause_s, self._paced_on)

    def _paced_on(self) -> None:
        self._paced = None
        self._write_waiting()
