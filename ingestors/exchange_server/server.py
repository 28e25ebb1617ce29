"""A local server that speaks Binance's own WebSocket and REST protocol on one port, and plays material to whoever connects.

Faults for tests: `inject` (any bytes as a frame), `cut` (connections die without a word), `stall` (connections stay, nothing comes), `refuse` (REST
answers with a status).
"""

import asyncio
import http
import socket
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ingestors.exchange_server.material import Frame, Material
from ingestors.exchange_server.pace import Pace
from ingestors.exchange_server.rest import Rest
from ingestors.exchange_server.session import Session, text_frame
from runtime.clock import Clock
from runtime.errors import UserError

log = structlog.get_logger()

_CHUNK_FRAMES = 512
_TIMELINE_STEP_S = 0.002  # frames due within it go out together
_WRITE_LIMIT_BYTES = 128 * 1024
_SEND_BUFFER_BYTES = 128 * 1024  # small: at `max` what is written and unread counts as played, and is what a killed reader loses
_END = "end of the material"


class ExchangeServer:
    """start -> (websocket URL, REST URL); `ended` is set when all was played and a reader has read it to the end. Runs in the caller's event loop."""

    def __init__(self, material: Material, pace: Pace, clock: Clock, host: str = "127.0.0.1", port: int = 0) -> None:
        self._material = material
        self._pace = pace
        self._clock = clock
        self._host, self._port = host, port
        self._sessions: set[Session] = set()
        self._changed = asyncio.Event()
        self._running = asyncio.Event()
        self._running.set()
        self._now_ns = 0
        self._rest = Rest(material, lambda: (self._now_ns or clock.now_ns()) // 1_000_000)
        self._finished = False
        self._server: Server | None = None
        self._player: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        self.frames: Counter[str] = Counter()
        self.refusals: list[tuple[int, dict[str, str]]] = []

    async def start(self) -> tuple[str, str]:
        """Binds and begins to play. Raises UserError if the port is taken."""
        try:
            self._server = await serve(
                self._session,
                sock=_listener(self._host, self._port),
                process_request=self._request,
                compression=None,
                ping_interval=20,
                ping_timeout=60,
                close_timeout=3600,  # a reader that is held up still reads to the end
                write_limit=_WRITE_LIMIT_BYTES,
                max_size=65_536,
            )
        except OSError as error:
            raise UserError(f"cannot listen on {self._host}:{self._port} ({error.strerror}); choose another port or 0") from None
        port = int(next(iter(self._server.sockets)).getsockname()[1])
        self._player = asyncio.create_task(self._play())
        return f"ws://{self._host}:{port}", f"http://{self._host}:{port}"

    async def stop(self) -> None:
        """Closes all connections. A failure of the player is raised here."""
        if self._player:
            if not self._player.done():
                self._player.cancel()
            await asyncio.wait([self._player])
        self.cut()
        if self._server:
            self._server.close()
            await self._server.wait_closed()
        if self._player and not self._player.cancelled():
            self._player.result()

    def inject(self, payload: bytes) -> None:
        """Sends any bytes as a text frame to all clients."""
        for session in self._sessions:
            session.write_bytes(text_frame(payload))

    def cut(self) -> None:
        """Ends all connections without a closing handshake."""
        for session in list(self._sessions):
            session.connection.transport.abort()

    def stall(self) -> None:
        """Nothing plays until `resume`; connections stay."""
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def refuse(self, status: int, times: int = 1, **headers: str) -> None:
        """The next REST calls are answered with that status; header names with _ for -."""
        self.refusals += [(status, {name.replace("_", "-"): value for name, value in headers.items()})] * times

    def failure(self) -> str:
        """Why nothing plays any more, "" while it does. `stop` raises it."""
        if self._player and self._player.done() and not self._player.cancelled() and self._player.exception():
            return f"the player failed: {self._player.exception()}"
        return ""

    @property
    def clients(self) -> int:
        return len(self._sessions)

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        if not request.path.startswith("/api/"):
            return None
        if self.refusals:
            status, extra = self.refusals.pop(0)
            body = b'{"code":-1003,"msg":"Too many requests."}'
        else:
            (status, body), extra = self._rest.answer(request.path), {}
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close", **extra})
        return Response(status, http.HTTPStatus(status).phrase, headers, body)

    async def _session(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        session = Session(connection, connection.request.path)
        if self._finished:
            await self._say_end(session)
            return
        self._sessions.add(session)
        self._changed.set()
        try:
            async for message in connection:
                session.write_bytes(text_frame(session.command(message)))
                self._changed.set()
        except ConnectionClosed:
            pass  # as connections do; the exchange does not mind
        finally:
            self._sessions.discard(session)
            self._changed.set()

    def _listening(self) -> list[Session]:
        return [session for session in self._sessions if session.streams]

    async def _somebody_listens(self) -> None:
        while not self._listening():
            self._changed.clear()
            await self._changed.wait()

    async def _play(self) -> None:
        await self._somebody_listens()
        first = True
        for chunk in self._chunks():
            if first:
                self._pace.start(chunk[0].ts_ns)
                first = False
            await self._play_chunk(chunk)
        self._finished = True
        await asyncio.gather(*(self._say_end(session) for session in list(self._sessions)))

    def _chunks(self) -> Iterator[list[Frame]]:
        frames = self._material.frames()
        while chunk := list(islice(frames, _CHUNK_FRAMES)):
            yield chunk

    async def _play_chunk(self, chunk: list[Frame]) -> None:
        start = 0
        while start < len(chunk):
            if not self._running.is_set():
                await self._running.wait()
                self._pace.start(chunk[start].ts_ns)  # a timeline goes on where it stopped
            wait_s = self._pace.wait_s(chunk[start].ts_ns)
            if wait_s > 0:
                await asyncio.sleep(max(wait_s, _TIMELINE_STEP_S))
            end = self._due(chunk, start)
            if end > start:
                patient = self._pace.waits_for_readers()
                if patient:
                    await self._somebody_listens()
                await self._deliver(chunk[start:end], patient)
            start = end

    def _due(self, chunk: list[Frame], start: int) -> int:
        """Index after the last frame whose time has come."""
        if self._pace.wait_s(chunk[-1].ts_ns) <= 0:
            return len(chunk)
        end = start
        while end < len(chunk) and self._pace.wait_s(chunk[end].ts_ns) <= 0:
            end += 1
        return end

    async def _deliver(self, frames: list[Frame], drain: bool) -> None:
        self._now_ns = frames[-1].ts_ns
        joined = b"".join([text_frame(frame.payload) for frame in frames])
        self._material.played(frames)
        streams = [frame.stream for frame in frames]
        self.frames.update(streams)
        played, listening = set(streams), self._listening()
        for session in listening:
            session.write(frames, joined, played)
        if drain:
            for session in listening:
                await session.drain()
        await asyncio.sleep(0)

    async def _say_end(self, session: Session) -> None:
        """A close with a reason. The reader's answer to it says that it has read everything before."""
        await session.connection.close(1000, _END)
        if session.connection.protocol.close_rcvd is not None:
            self.ended.set()


def _listener(host: str, port: int) -> socket.socket:
    """Its connections inherit the small send buffer."""
    listener = socket.create_server((host, port))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    return listener
