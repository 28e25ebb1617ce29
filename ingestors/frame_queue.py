"""Frames between the socket's reader and the parser."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, islice
from operator import itemgetter
from typing import Literal, final

from ingestors.conversation import Conversation


@final
@dataclass(frozen=True, slots=True, eq=False)
class Marker:
    """Stands in the queue where a connection began or ended, in order with its frames. conversation: the connection's own.

    closed: the other side said good-bye, all that it had sent was read; broken: it ended in any other way.
    """

    kind: Literal["opened", "closed", "broken"]
    conversation: Conversation | None = None

    def __len__(self) -> int:
        return 0


Stamped = tuple[int, bytes | Marker]  # (ts_receive_ns, payload)
_PAYLOAD = itemgetter(1)


def bytes_of(frames: Iterable[Stamped]) -> int:
    """Of all payloads together."""
    return sum(map(len, map(_PAYLOAD, frames)))


class FrameQueue:
    """Frames between the reader and the parser. Bounded: above `limit` frames or `limit_bytes` the socket is paused, below a quarter of both it is
    read again.

    What one read of the socket brought (up to 256 KiB) may exceed the limit once. Single-threaded: all calls from one event loop.
    wake: set when frames come, shared by several queues; who waits for it then looks into all of them.
    """

    def __init__(self, limit: int, wake: asyncio.Event | None = None, limit_bytes: int = 1 << 62) -> None:
        self.limit = limit
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._frames: list[Stamped] = []
        self._wake = wake or asyncio.Event()
        self._paused: asyncio.Transport | None = None
        self._grew = False  # since the last conflation

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def full(self) -> bool:
        return len(self._frames) > self.limit or self.size_bytes > self.limit_bytes

    def put(self, frames: list[Stamped], transport: asyncio.Transport | None) -> None:
        """Appends; pauses the transport when full. None: who puts looks whether it is."""
        self._frames += frames
        self.size_bytes += bytes_of(frames)
        self._grew = True
        self._wake.set()
        if transport and self.full and self._paused is not transport and not transport.is_closing():
            transport.pause_reading()
            self._paused = transport

    async def wait(self) -> None:
        """Returns when frames are there or `wake` was called."""
        await self._wake.wait()

    def wake(self) -> None:
        """Lets `wait` return without a frame: there is other work."""
        self._wake.set()

    def take(self, limit: int, limit_bytes: int = 1 << 62) -> list[Stamped]:
        """Removes and returns the oldest frames, at most `limit` and up to the one that makes limit_bytes full."""
        self._wake.clear()
        limit, size_bytes = self._fit(limit, limit_bytes)
        self.size_bytes -= size_bytes
        if len(self._frames) <= limit:
            taken, self._frames = self._frames, []
        else:
            self._wake.set()
            taken, self._frames = self._frames[:limit], self._frames[limit:]
        self._resume_if_low()
        return taken

    def conflate(self, key_of: Callable[[bytes], bytes]) -> int:
        """If the queue is full: keeps only the newest frame of each key, in its place, and all frames without a key (b""). How many it dropped."""
        if not self._grew or not self.full:
            return 0
        self._grew = False
        kept: list[Stamped] = []
        seen = {b""}
        for stamped in reversed(self._frames):
            frame = stamped[1]
            key = key_of(frame) if isinstance(frame, bytes) else b""
            if key and key in seen:
                continue
            seen.add(key)
            kept.append(stamped)
        dropped = len(self._frames) - len(kept)
        self._frames = kept[::-1]
        self.size_bytes = bytes_of(kept)
        self._resume_if_low()
        return dropped

    def _resume_if_low(self) -> None:
        if self._paused and len(self._frames) <= self.limit // 4 and self.size_bytes <= self.limit_bytes // 4:
            if not self._paused.is_closing():
                self._paused.resume_reading()
            self._paused = None

    def _fit(self, limit: int, limit_bytes: int) -> tuple[int, int]:
        """How many of the oldest frames fit, and their bytes."""
        size_bytes = bytes_of(islice(self._frames, limit))
        if size_bytes < limit_bytes:  # as nearly always
            return limit, size_bytes
        ends = list(accumulate(map(len, map(_PAYLOAD, islice(self._frames, limit)))))
        last = bisect_left(ends, limit_bytes)
        return last + 1, ends[last]
