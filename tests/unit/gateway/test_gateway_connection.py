"""The library's connection with what we add: pings that one task sends for all, and a word whenever frames may not be written any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve

from gateway.connection import Connection
from tests.support import eventually_async

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
PING, PONG, CLOSE = b"\x89\x00", b"\x8a\x80\x00\x00\x00\x00", b"\x88\x82\x00\x00\x00\x00\x03\xe8"


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Connection, asyncio.StreamReader, asyncio.StreamWriter]]:
    """Our end of a connection, and a bare socket at the other one."""
    made = asyncio.get_running_loop().create_future()

    async def handle(connection: ServerConnection) -> None:
        made.set_result(connection)
        await connection.wait_closed()

    async with serve(handle, "127.0.0.1", 0, create_connection=Connection, compression=None, ping_interval=None) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(HEAD)
        await reader.readuntil(b"\r\n\r\n")
        yield await made, reader, writer
        writer.close()


async def test_a_ping_is_answered_or_the_next_one_says_so() -> None:
    async with connected() as (connection, reader, writer):
        assert connection.ping_again()
        assert await reader.readexactly(2) == PING
        assert not connection.ping_again()  # not answered yet
        writer.write(PONG)
        await eventually_async(lambda: connection.latency > 0)
        assert connection.ping_again()
        assert await reader.readexactly(2) == PING


async def test_a_change_is_told_before_anybody_writes_again() -> None:
    async with connected() as (connection, reader, writer):
        told = list[bool]()
        connection.on_change = lambda: told.append(connection.is_open)
        writer.write(CLOSE)
        assert await reader.readexactly(4) == b"\x88\x02\x03\xe8"
        assert told[0] is False
        assert connection.ping_again()  # one that closes is left to its deadline
        writer.close()
        await eventually_async(lambda: connection.is_lost)
        assert not connection.is_open


async def test_a_full_socket_is_told() -> None:
    async with connected() as (connection, _reader, _writer):
        told = list[bool]()
        connection.on_change = lambda: told.append(connection.is_writable)
        while connection.is_writable:
            connection.write_frames(bytes(1_000_000))
            await asyncio.sleep(0)
        assert told == [False]
