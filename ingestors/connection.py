"""One WebSocket connection: its reader only stamps frames and queues them; parsing and sending happen elsewhere.

`websockets` does the handshake, control frames, fragments and the close. Whole unfragmented text frames, which is all that a feed is made of, are
cut out of the received bytes here: that costs 0.5 us a frame where the library's generic frame parser takes 5 us.
"""

import asyncio
import random
import ssl
from collections.abc import Callable
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.frames import CTRL_OPCODES, Frame
from websockets.http11 import Response
from websockets.protocol import OPEN

from ingestors.frame_queue import BROKEN, CLOSED, OPENED, FrameQueue, Stamped
from runtime.clock import Clock
from runtime.errors import TransientError

log = structlog.get_logger()

_WHOLE_TEXT = 0x81  # FIN and the opcode of text
_MASKED_OR_LONG = 127  # length byte of a 64-bit length; with the mask bit it is larger


class FrameConnection(ClientConnection):
    """A client connection that hands whole messages to a queue from within the read, instead of one `recv` a message."""

    def __init__(self, protocol: ClientProtocol, *, queue: FrameQueue, clock: Clock, **options: Any) -> None:
        super().__init__(protocol, **options)
        self._queue = queue
        self._clock = clock
        self._rest = b""
        self._fragments: list[bytes] = []
        self._read: list[Stamped] = []
        self._max_size = protocol.max_message_size or 1 << 62

    def data_received(self, data: bytes) -> None:
        """Called by the event loop with what the socket had."""
        received_ns = self._received_ns = self._clock.now_ns()
        if self._rest:
            data, self._rest = self._rest + data, b""
        if self.protocol.state is not OPEN or self.protocol.reader.buffer:
            super().data_received(data)  # the handshake, or a frame whose start the library holds
        else:
            self._cut(data, received_ns)
        self._hand_over()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop, once."""
        self._read.append((self._clock.now_ns(), CLOSED if self.protocol.close_rcvd is not None else BROKEN))
        self._hand_over()
        super().connection_lost(exc)

    def _hand_over(self) -> None:
        if self._read:
            read, self._read = self._read, []
            self._queue.put(read, self.transport)

    def _cut(self, data: bytes, received_ns: int) -> None:
        """Takes whole text frames; gives whole control and fragment frames to the library; keeps a frame's incomplete rest."""
        at, end, append = 0, len(data), self._read.append
        while at + 2 <= end:
            start, length = at + 2, data[at + 1]
            if length == 126:
                start, length = at + 4, int.from_bytes(data[at + 2 : at + 4])
            elif length >= _MASKED_OR_LONG:
                start, length = at + 10, int.from_bytes(data[at + 2 : at + 10])
                if data[at + 1] != _MASKED_OR_LONG or (start <= end and length > self._max_size):
                    super().data_received(data[at:])  # it refuses such a frame with the right close code
                    return
            if start + length > end:
                break
            if data[at] == _WHOLE_TEXT:
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
                self._read.append((self._received_ns, OPENED))
            return
        self._fragments.append(bytes(event.data))
        if event.fin:
            self._read.append((self._received_ns, b"".join(self._fragments)))
            self._fragments.clear()


class Backoff:
    """Waiting times between attempts: full jitter below a ceiling that doubles up to a cap. Reset it by data, not by a mere connect: a provider
    that accepts and drops at once must not be hammered."""

    def __init__(self, first_s: float = 0.25, cap_s: float = 30.0, rng: random.Random | None = None) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._rng = rng or random.Random()  # noqa: S311 (jitter, not a secret)
        self.attempts = 0

    def next_s(self) -> float:
        """Seconds to wait before the next attempt, between 0 and the ceiling."""
        ceiling_s = min(self._cap_s, self._first_s * 2 ** min(self.attempts, 30))
        self.attempts += 1
        return self._rng.uniform(0, ceiling_s)

    def reset(self) -> None:
        self.attempts = 0


async def open_connection(url: str, queue: FrameQueue, clock: Clock, max_size: int) -> FrameConnection:
    """Connects within 10 s. Messages above max_size bytes end the connection with code 1009. Raises TransientError.

    The library answers the provider's pings and sends none of its own: a feed's silence is judged by its data.
    """

    def create(protocol: ClientProtocol, **options: Any) -> FrameConnection:
        return FrameConnection(protocol, queue=queue, clock=clock, **options)

    proxy: Literal[True] | None = None if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1") else True
    try:
        connection = await connect(
            url,
            create_connection=cast(Any, create),  # documented as a factory, annotated as a class
            compression=None,
            max_size=max_size,
            ping_interval=None,
            open_timeout=10,
            close_timeout=2,
            proxy=proxy,
        )
    except (OSError, TimeoutError, InvalidHandshake, EOFError, ssl.SSLError) as error:
        raise TransientError(f"cannot connect to {url}: {error or type(error).__name__}") from error
    except InvalidURI as error:
        raise TransientError(f"not a WebSocket address: {url}") from error
    assert isinstance(connection, FrameConnection)
    return connection


class Connector:
    """Keeps one connection alive until stopped: connects, watches for silence, waits, connects again.

    url: asked for before each attempt. Opening and closing stand in the queue as OPENED and CLOSED or BROKEN, in order with the frames.
    """

    def __init__(
        self,
        url: Callable[[], str],
        queue: FrameQueue,
        clock: Clock,
        *,
        max_size: int,
        silence_timeout_s: float,
        backoff: Backoff | None = None,
    ) -> None:
        self._url = url
        self._queue = queue
        self._clock = clock
        self._max_size = max_size
        self._silence_timeout_s = silence_timeout_s
        self._backoff = backoff or Backoff()
        self._stopping = asyncio.Event()
        self._data_s = 0.0
        self._connection: FrameConnection | None = None

    def data_seen(self) -> None:
        """The parser made something of a frame: the feed lives. Resets back-off and silence."""
        self._data_s = self._clock.monotonic_s()
        self._backoff.reset()

    def data_age_s(self) -> float:
        """Seconds since data came, or since the connection was made."""
        return self._clock.monotonic_s() - self._data_s

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def drop(self) -> None:
        """Closes the current connection; another one follows."""
        if self._connection:
            self._connection.transport.abort()

    def stop(self) -> None:
        """Ends `run` after an orderly close."""
        self._stopping.set()

    async def run(self) -> None:
        """Returns after `stop`; all that was received is in the queue by then."""
        stopped = asyncio.ensure_future(self._stopping.wait())
        while not self._stopping.is_set():
            try:
                await self._one_connection(stopped)
            except TransientError as error:
                log.warning("connection_failed", error=str(error), attempt=self._backoff.attempts)
            if not self._stopping.is_set():
                await asyncio.wait([stopped], timeout=self._backoff.next_s())
        stopped.cancel()

    async def _one_connection(self, stopped: "asyncio.Future[Any]") -> None:
        connection = await open_connection(self._url(), self._queue, self._clock, self._max_size)
        self._connection = connection
        self._data_s = self._clock.monotonic_s()
        log.info("connected")
        closed = asyncio.ensure_future(connection.wait_closed())
        try:
            await self._watch(closed, stopped, connection)
            await connection.close()
        finally:
            self._connection = None
            closed.cancel()
        log.info("disconnected", code=connection.close_code, reason=connection.close_reason)

    async def _watch(self, closed: "asyncio.Future[Any]", stopped: "asyncio.Future[Any]", connection: FrameConnection) -> None:
        """Returns when the connection is closed, or is to be; aborts it when it is silent while nothing waits to be parsed."""
        while not (closed.done() or stopped.done()):
            await asyncio.wait([closed, stopped], timeout=self._silence_timeout_s / 4, return_when=asyncio.FIRST_COMPLETED)
            if not len(self._queue) and self.data_age_s() > self._silence_timeout_s:
                log.warning("silent_connection", silence_timeout_s=self._silence_timeout_s)
                connection.transport.abort()
                await closed
