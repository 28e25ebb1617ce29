"""The websockets library's connection, with a way to write frames that are already built.

Writing them beside the library is safe because, without extensions or with a compression that keeps no context, its protocol keeps no state about data that is sent, it hands
everything it has (pings, close frames) to the transport before it returns, and after a close frame its state is no longer OPEN.
"""

import asyncio
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.protocol import State

from gateway.access.member import Member
from gateway.frames import JSON, Wire
from gateway.handshakes import Handshakes

_PING = b"\x89\x00"  # the same for all; who answers it is told by the socket
_ABORT_AFTER_S = 5.0  # a client that does not read never sees the close frame; the library's own wait for it has no end


class Connection(ServerConnection):
    """on_writable: called when the socket takes data again after it was full. on_change: whenever it may have stopped to be open or writable.
    member: its rights, once it was let in. latency: of the last ping.

    on_lost: called once, when the socket is gone, whether or not there ever was a WebSocket on it.
    """

    on_writable: Callable[[], None] | None = None
    on_lost: Callable[[], None] | None = None
    on_change: Callable[[], None] | None = None
    member: Member | None = None
    made_s = 0.0
    is_lost = False
    _pinged_s = 0.0
    _offered: Wire = JSON

    def offer(self, wire: Wire) -> None:
        """Before the handshake is answered. Compression is taken where the client asked for it by the address and its headers offer it."""
        self._offered = wire
        if wire.is_deflated:
            self.protocol.available_extensions = [
                ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)
            ]

    @property
    def wire(self) -> Wire:
        """As the handshake settled it."""
        return self._offered._replace(is_deflated=bool(self.protocol.extensions))

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

    def ping_again(self) -> bool:
        """Every so often. False, and no ping, if the last one was not answered."""
        if self._pinged_s or not self.is_open:
            return not self.is_open  # one that is closing has a deadline of its own
        self._pinged_s = self.loop.time()
        self.write_frames(_PING)
        return True

    def acknowledge_pings(self, data: bytes) -> None:
        """The library calls it for every pong."""
        super().acknowledge_pings(data)
        if self._pinged_s:
            self.latency = self.loop.time() - self._pinged_s
            self._pinged_s = 0.0

    def send_data(self) -> None:
        """The library calls it after all that it does, the change from open to closing included."""
        super().send_data()
        if self.on_change is not None and not self.is_open:
            self.on_change()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.on_change is not None:
            self.on_change()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable()

    @property
    def age_s(self) -> float:
        """Since the socket was accepted."""
        return self.loop.time() - self.made_s

    def abort(self) -> None:
        """Cuts the socket off without a word."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.made_s = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.is_lost = True
        if self.on_change is not None:
            self.on_change()
        if self.on_lost is not None:
            self.on_lost()

    async def close_soon(self, code: int, reason: str) -> None:
        """Closes; a client that does not answer in time is cut off."""
        timer = self.loop.call_later(_ABORT_AFTER_S, self.transport.abort)
        try:
            await self.close(code, reason)
        finally:
            timer.cancel()


def counted(handshakes: Handshakes) -> type[Connection]:
    """The type of connections that count as handshakes until their request is there."""

    class Counted(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            handshakes.begin(self)

        def connection_lost(self, exc: Exception | None) -> None:
            handshakes.end(self)
            super().connection_lost(exc)

    return Counted
