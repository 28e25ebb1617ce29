"""Many WebSocket clients in one process, as cheap as they can be: they count messages, and some of them read when each was received at the line's start.

`python -m bench.socket_clients HOST:PORT CLIENTS [ACTION]` says `ready` when all are connected and subscribed, measures from the line `start` on standard
input to the next one, and writes what it saw as JSON.
"""

import asyncio
import json
import socket
import sys
import time
from typing import Any

import uvloop

_MARK = b'"ts_receive_ns":'
_SAMPLING_CLIENTS = 500
_CONNECT_AT_ONCE = 50
_HEAD = "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"


class Counts:
    """Of all clients together."""

    def __init__(self) -> None:
        self.messages = 0
        self.closed = 0
        self.latencies_ns: list[int] = []
        self.is_measuring = False


class Client(asyncio.Protocol):
    """ready: set when its stream has begun."""

    def __init__(self, counts: Counts, host: str, action: bytes, samples: bool) -> None:
        self._counts = counts
        self._host = host
        self._action = action
        self._samples = samples
        self._transport: Any = None
        self._begun = b""
        self.ready = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(_HEAD.format(host=self._host).encode())

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self._begin(data)
        elif self._counts.is_measuring:
            self._counts.messages += data.count(_MARK)
            if self._samples:
                self._sample(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._counts.closed += 1
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("closed at the handshake"))

    def _begin(self, data: bytes) -> None:
        self._begun += data
        if b"\r\n\r\n" in self._begun and self._action:
            self._transport.write(masked(self._action))
            self._action = b""
            self._wanted = b'"snapshot"'
        if b" 101 " in self._begun and getattr(self, "_wanted", b"\r\n\r\n") in self._begun:
            self.ready.set_result(None)
            self._begun = b""

    def _sample(self, data: bytes) -> None:
        place = data.find(_MARK)
        if place >= 0:
            digits = data[place + len(_MARK) : place + len(_MARK) + 19]
            if digits.isdigit() and len(digits) == 19:
                self._counts.latencies_ns.append(time.time_ns() - int(digits))


def masked(payload: bytes) -> bytes:
    """A client's text frame; the mask is zero."""
    length = len(payload)
    size = bytes((0x80 | length,)) if length < 126 else bytes((0x80 | 126, length >> 8, length & 0xFF))
    return b"\x81" + size + bytes(4) + payload


async def main(address: str, number: int, action: str) -> None:
    """Connects, waits to be told, prints."""
    counts, loop = Counts(), asyncio.get_running_loop()
    host, port = address.split(":")
    stride = max(1, number // _SAMPLING_CLIENTS)

    async def one(index: int) -> None:
        raw = socket.socket()
        raw.setblocking(False)
        await loop.sock_connect(raw, (host, int(port)))
        _, client = await loop.create_connection(lambda: Client(counts, address, action.encode(), index % stride == 0), sock=raw)
        await client.ready

    for first in range(0, number, _CONNECT_AT_ONCE):
        await asyncio.gather(*(one(index) for index in range(first, min(number, first + _CONNECT_AT_ONCE))))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    before_core_s, counts.is_measuring = time.process_time(), True
    await asyncio.to_thread(sys.stdin.readline)
    counts.is_measuring = False
    found = {"messages": counts.messages, "closed": counts.closed, "core_s": time.process_time() - before_core_s}
    print(json.dumps(found | {"latencies_ns": counts.latencies_ns}), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
