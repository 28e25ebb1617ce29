"""The reader: whatever way the bytes are cut, the same messages come out in the same order; a full queue pauses the socket."""

import asyncio
import random
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestors.backoff import Backoff
from ingestors.connection import FrameConnection, open_connection
from ingestors.connector import Connector
from ingestors.conversation import Conversation
from ingestors.exchange_server.session import text_frame
from ingestors.frame_queue import FrameQueue, Marker
from ingestors.session import Request, Session
from runtime.clock import SystemClock
from runtime.errors import TransientError, UserError
from tests.support import eventually_async


def test_backoff_doubles_below_a_cap_with_full_jitter() -> None:
    backoff = Backoff(1.0, 8.0, random.Random(1))
    waits = [[Backoff(1.0, 8.0, random.Random(seed)).next_s() for seed in range(200)]]
    assert 0 <= min(waits[0]) < 0.1
    assert 0.9 < max(waits[0]) <= 1
    for ceiling in (1, 2, 4, 8, 8, 8):
        assert 0 <= backoff.next_s() <= ceiling
    backoff.reset()
    assert backoff.next_s() <= 1


@pytest.fixture
async def server() -> Any:
    """Sends what a test puts into `chunks`, bytes as they are."""
    chunks: list[bytes] = []

    async def session(connection: ServerConnection) -> None:
        for chunk in chunks:
            connection.transport.write(chunk)
            await asyncio.sleep(0)
            await connection.drain()
        await connection.close()

    async with serve(session, "127.0.0.1", 0, compression=None, max_size=None) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        yield chunks, f"ws://127.0.0.1:{port}"


async def received(url: str, max_size: int = 1 << 20) -> list[bytes]:
    """All messages until the connection has ended."""
    queue = FrameQueue(1000)
    await open_connection(url, queue, SystemClock(), max_size)
    frames: list[bytes] = []
    markers: list[str] = []
    while len(markers) < 2:
        await asyncio.wait_for(queue.wait(), 10)
        for _, frame in queue.take(1000):
            if isinstance(frame, Marker):
                markers.append(frame.kind)
            else:
                assert len(markers) == 1
                frames.append(frame)
    assert markers[0] == "opened"
    return frames


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
async def test_every_length_of_a_frame(server: Any, size: int) -> None:
    chunks, url = server
    payload = bytes(i % 251 for i in range(size)).replace(b"\x00", b"0")
    chunks += [text_frame(payload) * 3]
    assert await received(url) == [payload] * 3


@pytest.mark.parametrize("seed", range(8))
async def test_however_the_bytes_are_cut(server: Any, seed: int) -> None:
    """Text frames among pings, fragments and long frames, cut at random places."""
    chunks, url = server
    chance = random.Random(seed)
    messages, wire = [], b""
    for number in range(60):
        payload = f"{seed}:{number}".encode() * chance.choice([1, 1, 1, 20, 3_000])
        messages.append(payload)
        if chance.random() < 0.2:
            half = len(payload) // 2
            wire += _header(0x01, half) + payload[:half] + b"\x89\x02hi" + _header(0x80, len(payload) - half) + payload[half:]
        else:
            wire += text_frame(payload)
        if chance.random() < 0.2:
            wire += b"\x89\x00"
    while wire:
        cut = chance.choice([1, 2, 3, 7, 200, 5_000])
        chunks.append(wire[:cut])
        wire = wire[cut:]
    assert await received(url) == messages


async def test_a_frame_above_the_limit_ends_the_connection(server: Any) -> None:
    chunks, url = server
    chunks += [text_frame(b"good"), text_frame(b"x" * 200_000), text_frame(b"never")]
    assert await received(url, 100_000) == [b"good"]


async def test_nobody_listens() -> None:
    with pytest.raises(TransientError, match="cannot connect"):
        await open_connection("ws://127.0.0.1:1", FrameQueue(10), SystemClock(), 1000)


async def test_a_ping_is_answered_with_its_payload() -> None:
    answered = asyncio.Event()

    async def session(connection: ServerConnection) -> None:
        await (await connection.ping(b"payload"))
        answered.set()

    async with serve(session, "127.0.0.1", 0) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        connection = await open_connection(f"ws://127.0.0.1:{port}", FrameQueue(10), SystemClock(), 1000)
        await asyncio.wait_for(answered.wait(), 10)
        await connection.close()


class Silent(Session):
    """Asks for nothing."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def address(self, symbols: Any) -> str:
        return self._url

    def subscribe(self, symbols: Any, first: bool) -> list[Request]:
        return []

    def unsubscribe(self, symbols: Any) -> list[Request]:
        return []

    def parse(self, frame: bytes, received_ns: int) -> Any:
        return frame


async def test_back_off_is_reset_by_data_and_not_by_connecting(server: Any) -> None:
    _, url = server
    backoff = Backoff(0.001, 0.004)
    connector = Connector(
        lambda: Conversation(Silent(url), ()), FrameQueue(10_000), SystemClock(), max_size=1000, silence_timeout_s=30, backoff=backoff
    )
    running = asyncio.ensure_future(connector.run())
    await eventually_async(lambda: backoff.attempts > 5)
    connector.data_seen()
    assert backoff.attempts == 0
    connector.stop()
    await asyncio.wait_for(running, 10)


async def test_a_provider_that_refuses_to_name_an_address_is_asked_again(server: Any) -> None:
    _, url = server

    class Moody(Silent):
        async def address(self, symbols: Any) -> str:
            asked.append(1)
            if len(asked) < 3:
                raise UserError("refuses /api/v1/bullet-public: HTTP 404")
            return self._url

    asked: list[int] = []
    queue = FrameQueue(10_000)
    connector = Connector(
        lambda: Conversation(Moody(url), ()), queue, SystemClock(), max_size=1000, silence_timeout_s=30, backoff=Backoff(0.001, 0.004)
    )
    running = asyncio.ensure_future(connector.run())
    await eventually_async(lambda: len(queue))
    connector.stop()
    await asyncio.wait_for(running, 10)
    assert len(asked) >= 3


def test_the_library_still_has_what_is_overridden() -> None:
    """websockets is pinned; an upgrade that renames these must fail here, not in production."""
    for name in ("data_received", "process_event", "connection_lost"):
        assert name in vars(FrameConnection)
        assert hasattr(FrameConnection.__mro__[1], name)
    assert hasattr(__import__("websockets.streams", fromlist=["StreamReader"]).StreamReader(), "buffer")


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes([first, length])
    return bytes([first, 126]) + length.to_bytes(2, "big")
