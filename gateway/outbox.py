"""What goes to one client: written at once, or queued behind what waits for its socket or for its tier's pace. A gateway.groups.Receiver.

A client that is behind is told so once; if it stays behind, it is closed. Nothing here waits for another client.
"""

import asyncio
from collections.abc import Callable

from gateway.access.member import Member
from gateway.connection import Connection
from gateway.groups import Batch
from gateway.queues import BEHIND, ClientQueue
from runtime import metrics
from runtime.clock import Clock
from runtime.settings import GatewaySettings

BEHIND_CODE = 4008  # close code
_MOST_BEFORE_SNAPSHOT = 20  # messages that may wait for the pace when the next snapshot, which may be large, is made
_MOST_AT_ONCE = 20  # messages between two looks at the pace
_MOST_ANSWERS_BYTES = 262_144  # of answers that may wait for the pace when the next is made
_LOOK_AGAIN_S = 0.01


class Outbox:
    """end(code, reason): closes the client; it may be called again.

    write: the transport's own, while nothing stands in the way of a frame; the hub calls it without asking further. None: `deliver` decides.
    """

    __slots__ = (
        "_clock",
        "_connection",
        "_end",
        "_is_told",
        "_member",
        "_moved_s",
        "_paced",
        "_queue",
        "_settings",
        "is_closed",
        "sent",
        "write",
    )

    def __init__(
        self, connection: Connection, member: Member, clock: Clock, settings: GatewaySettings, end: Callable[[int, str], None]
    ) -> None:
        self._connection = connection
        self._member = member
        self._clock = clock
        self._settings = settings
        self._end = end
        self._queue = ClientQueue(settings.queue_messages, settings.queue_mb * 1024 * 1024)
        self._is_told = False
        self._moved_s = 0.0
        self._paced: asyncio.TimerHandle | None = None
        self.is_closed = False
        self.sent = 0  # messages
        self.write: Callable[[bytes], None] | None = None
        connection.on_change = self.look
        connection.on_writable = self._write_waiting
        self.look()

    @property
    def waiting(self) -> int:
        """Messages."""
        return len(self._queue)

    def look(self) -> None:
        """Whether frames may go straight to the transport: after every change of the connection, the queue or the tier."""
        connection = self._connection
        is_free = not self.is_closed and connection.is_open and connection.is_writable
        self.write = connection.transport.write if is_free and not self._queue and self._member.pace is None else None

    def deliver(self, batch: Batch) -> None:
        """Updates of one series."""
        if self._goes_now(batch.frames, len(batch.messages)):
            return
        self._start_waiting()
        if not self._queue.put(batch):
            self._fall_behind()
        self._write_later()

    def send(self, frames: bytes, messages: int = 1) -> None:
        """An answer, or anything else that is for this client alone."""
        if self._goes_now(frames, messages):
            return
        self._start_waiting()
        if not self._queue.put_answer(frames, messages):
            self._end(BEHIND_CODE, "behind: too many answers wait; reconnect and resume")
        self._write_later()

    def _goes_now(self, frames: bytes, messages: int) -> bool:
        """True: written, or there is nobody to write to."""
        connection = self._connection
        if self.is_closed or not connection.is_open:
            return True
        is_free = not self._queue and connection.is_writable and not self._pause_s()
        if is_free:
            self._write(frames, messages)
        return is_free

    def close(self) -> None:
        """Forgets what waits, takes nothing more."""
        self.is_closed = True
        self._queue.clear()
        self.look()
        if self._paced is not None:
            self._paced.cancel()

    def check(self) -> None:
        """Closes a client whose socket took nothing for too long."""
        if self._queue and self._clock.monotonic_s() - self._moved_s > self._settings.slow_client_s:
            self._end(BEHIND_CODE, "behind: nothing was read for too long; reconnect and resume")

    async def answered(self) -> None:
        """A client that asks for more than it reads, or than its tier lets through, waits for itself."""
        await self._gone(lambda: self._queue.answers_bytes <= _MOST_ANSWERS_BYTES)

    async def room(self) -> None:
        """The same, and what waits for the tier's pace has nearly gone."""
        await self._gone(lambda: self._queue.answers_bytes <= _MOST_ANSWERS_BYTES and len(self._queue) <= _MOST_BEFORE_SNAPSHOT)

    async def _gone(self, is_enough: Callable[[], bool]) -> None:
        await self._writable()
        while self._connection.is_open and not is_enough():
            await asyncio.sleep(max(_LOOK_AGAIN_S, self._pause_s()))
            await self._writable()

    async def _writable(self) -> None:
        while self._connection.is_open and not self._connection.is_writable:
            await self._connection.drain()

    def _write(self, frames: bytes, messages: int) -> None:
        self._connection.write_frames(frames)
        self.sent += messages
        if self._member.pace is not None:
            self._member.pace.charge(messages)

    def _pause_s(self) -> float:
        """How long the client's tier lets it wait for its next message."""
        pace = self._member.pace
        return 0.0 if pace is None else pace.wait_s()

    def _start_waiting(self) -> None:
        self.write = None
        if not self._queue:
            self._moved_s = self._clock.monotonic_s()

    def _fall_behind(self) -> None:
        """The first time, what waits gives way to notices of what it was; if the client does not read all of that before the next time, it goes.

        One that reads, but whose tier is slower than what it asked for, is told each time.
        """
        metrics.SKIPPED.labels(BEHIND).inc(self._queue.collapse())
        if self._is_told and not self._connection.is_writable:
            self._end(BEHIND_CODE, "behind: reconnect and resume")
        self._is_told = True

    def _write_waiting(self) -> None:
        connection = self._connection
        while self._queue and connection.is_open and connection.is_writable and not self._pause_s():
            self._write(*self._queue.pop(_MOST_AT_ONCE))
            self._moved_s = self._clock.monotonic_s()
        if not self._queue:
            self._is_told = False
            self.look()
        self._write_later()

    def _write_later(self) -> None:
        """What waits for the pace goes on by a timer; what waits for the socket by the socket."""
        pause_s = self._pause_s() if self._queue and self._paced is None else 0.0
        if pause_s:
            self._paced = self._connection.loop.call_later(pause_s, self._paced_on)

    def _paced_on(self) -> None:
        self._paced = None
        self._write_waiting()
