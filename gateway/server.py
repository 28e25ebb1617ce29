"""The listening socket: WebSocket at /ws, the live page everywhere else."""

import asyncio
import logging
from collections.abc import Callable

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from gateway import answers
from gateway.access.control import AccessControl
from gateway.access.member import Member
from gateway.connection import Connection
from gateway.door import Door
from gateway.frames import text_frame
from gateway.pages import answer, load_pages
from gateway.session import Session
from runtime import metrics
from runtime.errors import UserError
from runtime.settings import GatewaySettings

SOCKET_PATH = "/ws"
_RESTART = 1001
_HANDSHAKE_TIMEOUT_S = 10.0  # a connection that says nothing is not kept
_CLOSE_TIMEOUT_S = 5.0
_PING_INTERVAL_S = 20.0


class GatewayServer:
    """Accepts clients and gives each a session."""

    def __init__(self, settings: GatewaySettings, control: AccessControl, new_session: Callable[[Connection, Member], Session]) -> None:
        self._settings = settings
        self._door = Door(settings, control)
        self._new_session = new_session
        self._sessions: set[Session] = set()
        self._pages = load_pages()
        self._kafka = "down"
        self._server: Server | None = None

    async def start(self) -> str:
        """Returns the address. Raises UserError if the port is taken."""
        logging.getLogger("websockets").setLevel(logging.CRITICAL)  # it logs every client that breaks off a handshake as an error
        host, port = self._settings.host, self._settings.port
        try:
            self._server = await serve(
                self._handle,
                host,
                port,
                compression=None,
                process_request=self._process_request,
                create_connection=Connection,
                max_size=self._settings.max_message_bytes,
                open_timeout=_HANDSHAKE_TIMEOUT_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                ping_interval=_PING_INTERVAL_S,
                ping_timeout=_PING_INTERVAL_S,
                server_header=None,
            )
        except OSError as error:
            raise UserError(
                f"gateway port {host}:{port} cannot be used ({error.strerror}); set gateway.port to another one or to 0 for a free one"
            ) from None
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self._server.sockets[0].getsockname()[1]}"

    def set_kafka(self, kafka: str) -> None:
        """`up` or `down`; every client is told of a change."""
        if kafka == self._kafka:
            return
        self._kafka = kafka
        for session in tuple(self._sessions):
            session.send(text_frame(answers.status(kafka)))

    async def stop(self) -> None:
        """Closes every client with 1001 `restart`."""
        if self._server is None:
            return
        self._server.close(code=_RESTART, reason="restart")
        try:
            await asyncio.wait_for(self._server.wait_closed(), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            for connection in tuple(self._server.all_connections):
                connection.transport.abort()

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, Connection)
        if request.path.partition("?")[0] != SOCKET_PATH:
            return answer(self._pages, request.path, request.headers.get("If-None-Match"))
        return await self._door.refusal(connection, request)

    async def _handle(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        assert connection.member is not None
        session = self._new_session(connection, connection.member)
        self._sessions.add(session)
        metrics.CLIENTS.inc()
        try:
            session.send(text_frame(answers.status(self._kafka)))
            await session.run()
        finally:
            self._sessions.discard(session)
            metrics.CLIENTS.dec()
