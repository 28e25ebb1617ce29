"""A local server for any provider's protocol: a socket that says and answers what a dialect makes of it, a REST interface beside it, and faults."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ingestors.exchange_server.session import text_frame
from tests.dialect import START_NS, Client, Deal, Dialect

GZIP = b"\x1f\x8b"  # such frames are binary ones


class VenueServer:
    """Runs in the test's event loop. lose_answers: so many answers to client messages are not sent, though what they say holds."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.deals: list[Deal] = []
        self.clients: list[Client] = []
        self.connections = 0
        self.messages: list[str] = []
        self.calls: list[str] = []
        self.lose_answers = 0
        self.refusals: list[tuple[int, bytes, str]] = []  # (status, body, more header lines), for the next calls
        self.mute = False  # nothing is said any more
        self.start_ns = START_NS  # of the first trade

    def happen(self, symbol: str, number: int = 1, told: bool = True) -> None:
        """Trades happen, and whoever listens is told."""
        for _ in range(number):
            deal = Deal(
                symbol,
                len([deal for deal in self.deals if deal.symbol == symbol]) + 1,
                self.start_ns + len(self.deals) * self.dialect.step_ns,
            )
            self.deals.append(deal)
            self.dialect.happened(deal)
            if told:
                self.say(self.dialect.trade(deal), symbol)

    def say(self, frame: bytes, symbol: str | None = None) -> None:
        """A frame to all clients, or to those of a symbol."""
        for client in list(self.clients):
            if not self.mute and (symbol is None or symbol in client.symbols):
                self._write(client, frame)

    def _write(self, client: Client, frame: bytes) -> None:
        if client.gone:
            return
        frame = self.dialect.on_wire(frame, client)
        if client.connection is None:
            client.transport.write(f"{len(frame) + 1:x}\r\n".encode() + frame + b"\n\r\n")
            return
        client.transport.write(_on_socket(frame))

    def cut(self) -> None:
        for client in list(self.clients):
            client.transport.abort()

    def stall(self) -> None:
        """The connections that there are stay open, and bring nothing more."""
        for client in self.clients:
            client.stalled = True

    def say_raw(self, data: bytes) -> None:
        """Bytes past all framing."""
        for client in self.clients:
            client.transport.write(data)

    def cut_inside(self, frame: bytes) -> None:
        """Half of a frame, and the connections of WebSockets are over."""
        for client in list(self.clients):
            data = _on_socket(self.dialect.on_wire(frame, client))
            client.transport.write(data[: len(data) // 2])
            client.transport.close()

    async def close(self, code: int, reason: str) -> None:
        """All WebSockets in order, as venues do with connections that are a day old."""
        await asyncio.gather(*(client.connection.close(code, reason) for client in list(self.clients) if client.connection))

    @property
    def subscribed(self) -> set[str]:
        return set().union(*(client.symbols for client in self.clients if not client.stalled))

    async def session(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.connections += 1
        said = self.dialect.hello(connection.request.path)
        client = Client(connection, connection.transport, set(said.on))
        self.clients.append(client)
        try:
            for frame in said.answers:
                self._write(client, frame)
            async for message in connection:
                self._hear(client, message if isinstance(message, str) else message.decode())
        except ConnectionClosed:
            pass
        finally:
            self.clients.remove(client)

    def _hear(self, client: Client, message: str) -> None:
        self.messages.append(message)
        said = self.dialect.answer(message)
        client.symbols |= said.on
        client.symbols -= said.off
        if said.answers and self.lose_answers:
            self.lose_answers -= 1
            return
        for frame in said.answers:
            if not self.mute:
                self._write(client, frame)

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Whether a handshake may go on."""
        refused = self.dialect.wrong_key and self.dialect.key_in_handshake
        return connection.respond(401, "no such key") if refused else None

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ", 2)[1]
        self.calls.append(target)
        split = urlsplit(target)
        if self.dialect.lines and split.path == self.dialect.lines and not self.dialect.wrong_key:
            await self._stream_lines(target, reader, writer)
            return
        if self.refusals:
            status, body, more = self.refusals.pop(0)
        else:
            query = dict(parse_qsl(split.query))
            status, body, more = (
                (401, b"{}", "") if split.path == self.dialect.lines else (200, self.dialect.rest(split.path, query, self.deals), "")
            )
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async def _stream_lines(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """An answer that does not end, until the client goes or is cut off."""
        self.connections += 1
        said = self.dialect.hello(target)
        client = Client(None, writer.transport, set(said.on))  # type: ignore[arg-type]
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.clients.append(client)
        try:
            for frame in said.answers:
                self._write(client, frame)
            await reader.read()
        except OSError:
            pass
        finally:
            self.clients.remove(client)
            writer.close()


def _on_socket(frame: bytes) -> bytes:
    """A whole WebSocket message."""
    message = text_frame(frame)
    return b"\x82" + message[1:] if frame[:2] == GZIP else message


@asynccontextmanager
async def venue(dialect: Dialect) -> AsyncIterator[tuple[VenueServer, str, str]]:
    """(server, WebSocket URL, REST URL)."""
    server = VenueServer(dialect)
    rest = await asyncio.start_server(server.http, "127.0.0.1", 0)
    options: Any = {"compression": None, "ping_interval": None, "close_timeout": 1, "process_request": server.admit}
    async with serve(server.session, "127.0.0.1", 0, **options) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        try:
            yield server, f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{rest.sockets[0].getsockname()[1]}"
        finally:
            server.cut()
            rest.close()
