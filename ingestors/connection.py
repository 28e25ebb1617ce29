"""One WebSocket connection: its reader only stamps frames and queues them; parsing and sending happen elsewhere.

`websockets` does the handshake, control frames, fragments and the close. Whole unfragmented frames, which is all that a feed is made of, are
cut out of the received bytes here: that costs 0.5 us a frame where the library's generic frame parser takes 5 us.
"""

import ssl
from collections.abc import Mapping
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import CTRL_OPCODES, Frame
from websockets.http11 import Response
from websockets.protocol import OPEN

from ingestors.conversation import Conversation
from ingestors.frame_queue import FrameQueue, Marker, Stamped
from ingestors.link import Link, LinkRefused, shown
from runtime.clock import Clock
from runtime.errors import TransientError

log = structlog.get_logger()

_WHOLE_TEXT = 0x81  # FIN and the opcode of text
_WHOLE_BINARY = 0x82
_MASKED_OR_LONG = 127  # length byte of a 64-bit length; with the mask bit it is larger


class FrameConnection(ClientConnection, Link):
    """A client connection that hands whole messages to a queue from within the read, instead of one `recv` a message."""

    def __init__(
        self, protocol: ClientProtocol, *, queue: FrameQueue, clock: Clock, conversation: Conversation | None = None, **options: Any
    ) -> None:
        super().__init__(protocol, **options)
        self._queue = queue
        self._conversation = conversation
        self._clock = clock
        self.received_ns = clock.now_ns()  # when the last bytes came
        self._rest = b""
        self._fragments: list[bytes] = []
        self._read: list[Stamped] = []
        self._max_size = protocol.max_message_size or 1 << 62

    def data_received(self, data: bytes) -> None:
        """Called by the event loop with what the socket had."""
        received_ns = self.received_ns = self._clock.now_ns()
        if self._rest:
            data, self._rest = self._rest + data, b""
        if self.protocol.state is not OPEN or self.protocol.reader.buffer:
            super().data_received(data)  # the handshake, or a frame whose start the library holds
        else:
            self._cut(data, received_ns)
        self._hand_over()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop, once."""
        kind: Literal["closed", "broken"] = "closed" if self.protocol.close_rcvd is not None else "broken"
        self._read.append((self._clock.now_ns(), Marker(kind, self._conversation)))
        self._hand_over()
        super().connection_lost(exc)

    def _hand_over(self) -> None:
        if self._read:
            read, self._read = self._read, []
            self._queue.put(read, self.transport)

    def _cut(self, data: bytes, received_ns: int) -> None:
        """Takes whole data frames; gives whole control and fragment frames to the library; keeps a frame's incomplete rest."""
        at, end, append = 0, len(data), self._read.append
        while at + 2 <= end:
            start, length = at + 2, data[at + 1]
            if length == 126:
                start = at + 4
                if start > end:
                    break
                length = data[at + 2] << 8 | data[at + 3]
            elif length >= _MASKED_OR_LONG:
                start, length = at + 10, int.from_bytes(data[at + 2 : at + 10])
                if data[at + 1] != _MASKED_OR_LONG or (start <= end and length > self._max_size):
                    super().data_received(data[at:])  # it refuses such a frame with the right close code
                    return
            if start + length > end:
                break
            if data[at] == _WHOLE_TEXT or data[at] == _WHOLE_BINARY:
                append((received_ns, data[start : start + length]))
            else:
                super().data_received(data[at : start + length])
            at = start + length
        self._rest = data[at:]

    def process_event(self, event: Frame | Response) -> None:  # type: ignore[override]
        """Called by the library for every event of its own: data that came that way is queued like the rest."""
        if isinstance(event, Response) or event.opcode in CTRL_OPCODES:
            super().process_event(event)
            if isinstance(event, Response) and event.status_code == 101:
                self._read.append((self.received_ns, Marker("opened", self._conversation)))
            return
        self._fragments.append(bytes(event.data))
        if event.fin:
            self._read.append((self.received_ns, b"".join(self._fragments)))
            self._fragments.clear()

    async def say(self, frame: str) -> None:
        try:
            await self.send(frame)
        except ConnectionClosed as error:
            raise TransientError(str(error)) from error

    async def ask(self) -> None:
        """The pong moves received_ns."""
        try:
            await self.ping()
        except ConnectionClosed as error:
            raise TransientError(str(error)) from error

    async def leave(self) -> None:
        await self.close()

    def cut(self) -> None:
        self.transport.abort()

    async def ended(self) -> None:
        await self.wait_closed()

    @property
    def last_words(self) -> str:
        return f"{self.close_code} {self.close_reason or ''}".strip()


async def open_connection(
    url: str,
    queue: FrameQueue,
    clock: Clock,
    max_size: int,
    conversation: Conversation | None = None,
    headers: Mapping[str, str] | None = None,
) -> FrameConnection:
    """Connects within 10 s. Messages above max_size bytes end the connection with code 1009. Raises TransientError; LinkRefused for a key that the
    provider does not know (HTTP 401).

    The library answers the provider's pings and sends none of its own: a feed's silence is judged by its data.
    """

    def create(protocol: ClientProtocol, **options: Any) -> FrameConnection:
        return FrameConnection(protocol, queue=queue, clock=clock, conversation=conversation, **options)

    proxy: Literal[True] | None = None if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1") else True
    try:
        connection = await connect(
            url,
            create_connection=cast(Any, create),  # documented as a factory, annotated as a class
            additional_headers=headers,
            compression=None,
            max_size=max_size,
            ping_interval=None,
            open_timeout=10,
            close_timeout=2,
            proxy=proxy,
        )
    except InvalidStatus as error:
        if error.response.status_code == 401:
            raise LinkRefused(f"HTTP 401 {(error.response.body or b'')[:200].decode('utf-8', 'replace')}".strip()) from error
        raise TransientError(f"cannot connect to {shown(url)}: {error}") from error
    except (OSError, TimeoutError, InvalidHandshake, EOFError, ssl.SSLError) as error:
        raise TransientError(f"cannot connect to {shown(url)}: {error or type(error).__name__}") from error
    except InvalidURI as error:
        raise TransientError(f"not a WebSocket address: {shown(url)}") from error
    assert isinstance(connection, FrameConnection)
    return connection
