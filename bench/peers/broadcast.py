"""The websockets library's own broadcast(): every connected client gets the same text, so many times a second. Its address goes to standard output."""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

_FILLING = {"trace": "x" * 300}  # so that a message is as long as one of ours


async def main(per_s: float) -> None:
    """Until it is killed."""
    clients: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        clients.add(connection)
        try:
            await connection.wait_closed()
        finally:
            clients.discard(connection)

    async with serve(handle, "127.0.0.1", 0, compression=None, open_timeout=60) as server:
        print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await _send(clients, per_s)


async def _send(clients: set[ServerConnection], per_s: float) -> None:
    started_s, sent = time.monotonic(), 0
    while True:
        message: dict[str, Any] = {"channel": "ticks", "price": 61652.0, **_FILLING, "ts_receive_ns": time.time_ns()}
        broadcast(clients, json.dumps(message, separators=(",", ":")))
        sent += 1
        await asyncio.sleep(max(0.0, started_s + sent / per_s - time.monotonic()))


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1])))
