"""The websockets library's connection, with a way to write frames that are already built.

Writing them beside the library is safe because, without extensions, its protocol keeps no state about data that is sent, it hands everything
it has (pings, close frames) to the transport before it returns, and after a close frame its state is no longer OPEN.
"""

from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from gateway.access.member import Member

_ABORT_AFTER_S = 5.0  # a client that does not read never sees the close frame; the library's own wait for it has no end


class Connection(ServerConnection):
    """on_writable: called when the socket takes data again after it was full. member: its rights, once it was let in.

    on_lost: called once, when the socket is gone, whether or not there ever was a WebSocket on it.
    """

    on_writable: Callable[[], None] | None = None
    on_lost: Callable[[], None] | None = None
    member: Member | None = None

    @property
    def is_open(self) -> bool:
        return self.protocol.state is State.OPEN

    @property
    def is_writable(self) -> bool:
        """False while the transport's buffer is above its limit (32 KiB)."""
        return not self.paused

    def write_frames(self, frames: bytes) -> None:
        """Whole frames; only while is_open."""
        self.transport.write(frames)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    async def close_soon(self, code: int, reason: str) -> None:
        """Closes; a client that does not answer in time is cut off."""
        timer = self.loop.call_later(_ABORT_AFTER_S, self.transport.abort)
        try:
            await self.close(code, reason)
        finally:
            timer.cancel()
