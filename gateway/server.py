"""The listening socket: WebSockets at /ws and /api/streams/, the live page everywhere else."""

import asyncio
import logging
import socket
from collections.abc import Callable

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from gateway import answers
from gateway.access.control import AccessControl
from gateway.access.member import Member
from gateway.connection import Connection, counted
from gateway.door import Door
from gateway.drain import drain
from gateway.handshakes import Handshakes
from gateway.pages import answer, load_pages
from gateway.pulse import Pulse
from gateway.session import Session
from gateway.stats import STATS_PATH, measure_tiers, measure_waiting, stats
from gateway.tls import tls_context
from gateway.urls import is_stream
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import GatewaySettings

_CLOSE_TIMEOUT_S = 5.0
_TLS_TIMEOUT_S = 3.0  # before it is settled a connection is not ours to count, so silence must be short
_TIERS_EVERY = 5  # seconds
_BEATS_AT_ONCE = 200  # and then records get their turn
# What the kernel takes for one client beyond what is on the way to it. By itself it takes up to 4 MB: minutes of quotes that are old when a slow client
# reads them, memory that no limit of ours counts, and a client that has stopped reading looks well for as long.
_UNSENT_BYTES = 65_536


class GatewayServer:
    """Accepts clients and gives each a session."""

    def __init__(
        self, settings: GatewaySettings, control: AccessControl, clock: Clock, new_session: Callable[[Connection, Member], Session]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._door = Door(settings, control)
        self._handshakes = Handshakes(settings.max_handshakes)
        self._new_session = new_session
        self._sessions: set[Session] = set()
        self._pulse = Pulse()
        self._seconds = 0
        self._pages = load_pages()
        self._kafka = "down"
        self._server: Server | None = None

    async def start(self) -> str:
        """Returns the address. Raises UserError if the port is taken."""
        logging.getLogger("websockets").setLevel(logging.CRITICAL)  # it logs every client that breaks off a handshake as an error
        host, port, tls = self._settings.host, self._settings.port, tls_context(self._settings)
        try:
            self._server = await serve(
                self._handle,
                host,
                port,
                compression=None,
                reuse_port=self._settings.processes > 1 or None,
                process_request=self._process_request,
                create_connection=counted(self._handshakes),
                max_size=self._settings.max_message_bytes,
                open_timeout=self._settings.handshake_timeout_s,
                close_timeout=_CLOSE_TIMEOUT_S,
                ping_interval=None,  # gateway.pulse pings
                server_header=None,
                ssl=tls,
                ssl_handshake_timeout=min(_TLS_TIMEOUT_S, self._settings.handshake_timeout_s) if tls else None,
            )
        except OSError as error:
            raise UserError(
                f"gateway port {host}:{port} cannot be used ({error.strerror}); set gateway.port to another one or to 0 for a free one"
            ) from None
        _bound_unsent(self._server)
        shown = f"[{host}]" if ":" in host else host
        return f"http{'s' if tls else ''}://{shown}:{self._server.sockets[0].getsockname()[1]}"

    def set_kafka(self, kafka: str) -> None:
        """`up` or `down`; every client is told of a change."""
        if kafka == self._kafka:
            return
        self._kafka = kafka
        for session in tuple(self._sessions):
            session.tell(answers.status(kafka))

    def measure(self) -> None:
        """Every second. Clients that take nothing, or answer no ping, are closed."""
        waiting = [session for session in self._sessions if session.may_wait]
        for session in waiting:
            session.check()
        measure_waiting(waiting)
        if self._seconds % _TIERS_EVERY == 0:
            measure_tiers(self._sessions)
        self._seconds += 1
        self._pulse.beat()

    async def keep_beating(self) -> None:
        """Until cancelled."""
        while self._settings.heartbeat_s:
            await asyncio.sleep(self._settings.heartbeat_s)
            message = answers.heartbeat(self._clock.now_ns(), self._kafka)
            for number, session in enumerate(tuple(self._sessions), 1):
                session.beat(message)
                if number % _BEATS_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def stop(self, drain_s: float) -> None:
        """Takes nobody in any more, tells every client to reconnect and closes it with 1001 `restart`, spread over the time."""
        if self._server is None:
            return
        self._server.close(close_connections=False)
        await drain([session.restart for session in self._sessions], drain_s)
        try:
            await asyncio.wait_for(self._server.wait_closed(), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            for connection in tuple(self._server.all_connections):
                connection.transport.abort()

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, Connection)
        self._handshakes.end(connection)
        path, _, query = request.path.partition("?")
        if path == STATS_PATH:
            return await self._door.operator_refusal(connection, request) or stats(self._sessions, self._kafka, query)
        if not is_stream(request.path):
            return answer(self._pages, request.path, request.headers.get("If-None-Match"))
        return await self._door.refusal(connection, request)

    async def _handle(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        assert connection.member is not None
        session = self._new_session(connection, connection.member)
        self._sessions.add(session)
        turn = self._pulse.add(session)
        metrics.CLIENTS.inc()
        metrics.HANDSHAKE_SECONDS.observe(connection.age_s)
        try:
            session.tell(answers.status(self._kafka))
            await session.run()
        finally:
            self._sessions.discard(session)
            self._pulse.discard(session, turn)
            metrics.CLIENTS.dec()


def _bound_unsent(server: Server) -> None:
    """Sockets that are accepted inherit it. Where the system has no such limit (Linux and macOS have), the kernel's own holds."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        for listener in server.sockets:
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
