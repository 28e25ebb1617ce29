"""A stream of lines over HTTP: the same queue, markers and endings as of a WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ingestors.frame_queue import FrameQueue, Marker
from ingestors.line_stream import open_lines
from ingestors.link import LinkRefused, shown
from ingestors.links import open_link
from runtime.clock import SystemClock
from runtime.errors import TransientError
from tests.support import eventually_async

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@asynccontextmanager
async def serving(*parts: bytes, stays: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Says the parts to each client, then leaves or stays. (address, what clients asked)"""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        if stays:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream?key=secret", asked
    finally:
        server.close()


async def taken(queue: FrameQueue, number: int) -> list[Any]:
    """So many frames, markers by their kind."""
    frames: list[Any] = []

    def enough() -> bool:
        frames.extend(frame.kind if isinstance(frame, Marker) else frame for _, frame in queue.take(100))
        return len(frames) >= number

    await eventually_async(enough)
    return frames


async def test_lines_are_frames_however_they_are_cut() -> None:
    queue = FrameQueue(100)
    async with serving(HEAD, chunk(b'{"a":1}\n{"b"'), chunk(b":2}"), chunk(b'\n\r\n{"c":3}\r\n'), END) as (url, asked):
        link = await open_lines(url, queue, SystemClock(), 1_000, headers={"Authorization": "Bearer secret"})
        assert await taken(queue, 5) == ["opened", b'{"a":1}', b'{"b":2}', b'{"c":3}', "closed"]
        await link.ended()
        assert b"Bearer secret" in asked[0]


async def test_a_stream_that_breaks_off_is_broken() -> None:
    queue = FrameQueue(100)
    async with serving(HEAD, chunk(b'{"a":1}\n'), b"7\r\n{") as (url, _):
        link = await open_lines(url, queue, SystemClock(), 1_000)
        assert await taken(queue, 3) == ["opened", b'{"a":1}', "broken"]
        assert "RemoteProtocolError" in link.last_words


async def test_a_line_without_end_is_given_up() -> None:
    queue = FrameQueue(100)
    async with serving(HEAD, chunk(b"x" * 2_000), stays=True) as (url, _):
        link = await open_lines(url, queue, SystemClock(), 1_000)
        assert await taken(queue, 2) == ["opened", "broken"]
        assert "more than 1000 bytes" in link.last_words


async def test_a_full_queue_holds_the_reader_up() -> None:
    queue = FrameQueue(2)
    async with serving(HEAD, chunk(b"1\n2\n3\n"), chunk(b"4\n"), END) as (url, _):
        await open_lines(url, queue, SystemClock(), 1_000)
        await eventually_async(lambda: len(queue) == 4)
        assert await taken(queue, 6) == ["opened", b"1", b"2", b"3", b"4", "closed"]


async def test_it_is_ended_at_once_and_nothing_can_be_said() -> None:
    queue = FrameQueue(100)
    async with serving(HEAD, stays=True) as (url, _):
        link = await open_lines(url, queue, SystemClock(), 1_000)
        with pytest.raises(TransientError):
            await link.say("hello")
        await link.ask()
        await link.leave()
        assert await taken(queue, 2) == ["opened", "broken"]


@pytest.mark.parametrize(
    ("status", "error"), [(401, LinkRefused), (400, LinkRefused), (403, TransientError), (429, TransientError), (503, TransientError)]
)
async def test_a_refusal_blames_the_question_or_comes_later(status: int, error: type[Exception]) -> None:
    async with serving(f"HTTP/1.1 {status} X\r\nContent-Length: 3\r\n\r\nwhy".encode()) as (url, _):
        with pytest.raises(error, match=f"HTTP {status} why"):
            await open_lines(url, FrameQueue(10), SystemClock(), 1_000)


async def test_nobody_there_is_transient_and_addresses_are_shown_without_keys() -> None:
    with pytest.raises(TransientError, match=r"cannot connect to http://127\.0\.0\.1:1/x: "):
        await open_lines("http://127.0.0.1:1/x?token=secret", FrameQueue(10), SystemClock(), 1_000)
    assert shown("wss://user:word@host:1/path?token=secret") == "wss://host:1/path"


async def test_an_unknown_scheme_says_which_there_are() -> None:
    conversation: Any = None
    with pytest.raises(TransientError, match="no transport for fix://host; there are: ws, wss, http, https"):
        await open_link("fix://host", FrameQueue(10), SystemClock(), 1_000, conversation)
