"""A stream of lines in an HTTP answer that does not end: each line is a message. Nothing can be said on it but the question that opened it."""

import asyncio
from collections.abc import Mapping
from typing import Literal

import httpx

from ingestors.conversation import Conversation
from ingestors.frame_queue import FrameQueue, Marker, Stamped
from ingestors.link import Link, LinkRefused, shown
from runtime.addresses import is_loopback
from runtime.clock import Clock
from runtime.errors import TransientError

_OPEN_S = 10.0
_FULL_WAIT_S = 0.01  # while the queue is full nothing is read: the socket's own window then holds the provider up
_LATER = (403, 408, 418, 425, 429)  # of the statuses that blame the question, those that do not: a firewall, a limit


class LineStream(Link):
    """Reads in a task of its own until the answer ends, or somebody ends it."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        answer: httpx.Response,
        queue: FrameQueue,
        clock: Clock,
        max_size: int,
        conversation: Conversation | None,
    ) -> None:
        self._http, self._answer = http, answer
        self._queue, self._clock, self._max_size = queue, clock, max_size
        self._conversation = conversation
        self._rest = b""
        self._words = ""
        self.received_ns = clock.now_ns()
        self._put([(self.received_ns, Marker("opened", conversation))])
        self._kind: Literal["closed", "broken"] = "broken"
        self._reader = asyncio.ensure_future(self._read())
        self._reader.add_done_callback(self._finish)

    async def say(self, frame: str) -> None:
        raise TransientError("nothing can be said on a stream of lines")

    async def ask(self) -> None:
        """HTTP has no ping: the provider's own heartbeat has to do."""

    async def leave(self) -> None:
        self.cut()
        await self.ended()

    def cut(self) -> None:
        self._reader.cancel()

    async def ended(self) -> None:
        await asyncio.wait([self._reader])
        await self._answer.aclose()
        await self._http.aclose()

    @property
    def last_words(self) -> str:
        return self._words

    async def _read(self) -> None:
        try:
            async for chunk in self._answer.aiter_bytes():
                self.received_ns = self._clock.now_ns()
                self._cut_lines(chunk)
                while self._queue.full:  # noqa: ASYNC110 (the queue is emptied, nobody tells)
                    await asyncio.sleep(_FULL_WAIT_S)
            self._kind = "closed"
        except (httpx.HTTPError, OSError, _LineTooLong) as error:
            self._words = f"{type(error).__name__}: {error}"

    def _finish(self, reader: "asyncio.Future[None]") -> None:
        """Also where the reader was ended before its first step."""
        self._put([(self._clock.now_ns(), Marker(self._kind, self._conversation))])

    def _cut_lines(self, chunk: bytes) -> None:
        """Whole lines become frames; empty ones are there to keep the connection alive."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._put([(self.received_ns, line) for line in map(bytes.strip, lines) if line])
        if len(self._rest) > self._max_size:
            raise _LineTooLong(f"a line of more than {self._max_size} bytes")

    def _put(self, frames: list[Stamped]) -> None:
        if frames:
            self._queue.put(frames, None)


class _LineTooLong(Exception):
    """The provider sends no line end: no message of its."""


async def open_lines(
    url: str,
    queue: FrameQueue,
    clock: Clock,
    max_size: int,
    conversation: Conversation | None = None,
    headers: Mapping[str, str] | None = None,
) -> LineStream:
    """Asks, and waits 10 s at most for the answer to begin. Raises TransientError; LinkRefused where the provider blames the question."""
    http = httpx.AsyncClient(timeout=httpx.Timeout(_OPEN_S, read=None), trust_env=not is_loopback(url), headers=headers)
    try:
        async with asyncio.timeout(_OPEN_S):
            answer = await http.send(http.build_request("GET", url), stream=True)
            if answer.status_code != 200:
                _refuse(url, answer.status_code, (await answer.aread())[:200])
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        await http.aclose()
        raise TransientError(f"cannot connect to {shown(url)}: {error or type(error).__name__}") from error
    except (TransientError, LinkRefused):
        await http.aclose()
        raise
    return LineStream(http, answer, queue, clock, max_size, conversation)


def _refuse(url: str, status: int, body: bytes) -> None:
    words = f"HTTP {status} {body.decode('utf-8', 'replace')}".strip()
    if 400 <= status < 500 and status not in _LATER:
        raise LinkRefused(words)
    raise TransientError(f"cannot connect to {shown(url)}: {words}")
