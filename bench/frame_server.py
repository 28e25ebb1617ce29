"""A venue that speaks enough of Binance's protocol for our ingestor and costs little: prepared frames in large writes.

`python -m bench.frame_server SYMBOL...` prints its port, then `connected`. It takes orders from standard input, one a line, and prints after each how many
messages it wrote and in how many seconds: `play MESSAGES` as fast as the reader takes them, `pace MESSAGES_PER_S SECONDS`.
"""

import asyncio
import http
import json
import sys
import time
from collections.abc import Sequence

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from bench.frame_source import FrameSource, venue_name

_WRITE_BLOCKS = 32  # about 110 kB
_PACE_STEP_S = 0.001


class FrameServer:
    """One client at a time. Runs in the caller's event loop."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._table = json.dumps({"symbols": [_listed(symbol) for symbol in symbols]}).encode()
        self._source = FrameSource(symbols)
        self._client: ServerConnection | None = None

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        """The symbol table to whoever asks; no other question has more than an empty answer."""
        if not request.path.startswith("/api/"):
            return None
        body = self._table if request.path.startswith("/api/v3/exchangeInfo") else b"[]"
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
        return Response(200, http.HTTPStatus.OK.phrase, headers, body)

    async def converse(self, connection: ServerConnection) -> None:
        self._client = connection
        print("connected", flush=True)
        await connection.wait_closed()

    async def obey(self, order: str) -> tuple[int, float]:
        """Messages and seconds of one order."""
        kind, number, *more = order.split()
        began_s = time.monotonic()
        written = await self._play(int(number)) if kind == "play" else await self._pace(float(number), float(more[0]))
        return written, time.monotonic() - began_s

    async def _play(self, messages: int) -> int:
        written = 0
        while written < messages:
            written += self._write(_WRITE_BLOCKS)
            await self._connection.drain()
        return written

    async def _pace(self, per_s: float, seconds: float) -> int:
        began_s, written = time.monotonic(), 0
        while (passed_s := time.monotonic() - began_s) < seconds:
            while written < passed_s * per_s:
                written += self._write(1)
            await asyncio.sleep(_PACE_STEP_S)
        return written

    def _write(self, blocks: int) -> int:
        ts_ms, messages, frames = time.time_ns() // 1_000_000, 0, []
        for _ in range(blocks):
            messages += self._source.messages
            frames.append(self._source.block(ts_ms))
        self._connection.transport.write(b"".join(frames))  # past the library, which would frame and send them one by one
        return messages

    @property
    def _connection(self) -> ServerConnection:
        if self._client is None or self._client.transport.is_closing():
            raise RuntimeError("the reader is gone")
        return self._client


def _listed(symbol: str) -> dict[str, str]:
    base, _, quote = symbol.partition("-")
    return {"symbol": venue_name(symbol), "status": "TRADING", "baseAsset": base, "quoteAsset": quote}


async def main(symbols: Sequence[str]) -> None:
    """Until standard input ends."""
    server = FrameServer(symbols)
    options = {"process_request": server.answer, "compression": None, "ping_interval": None, "write_limit": 1 << 20}
    async with serve(server.converse, "127.0.0.1", 0, **options) as listening:  # type: ignore[arg-type]
        print(listening.sockets[0].getsockname()[1], flush=True)
        while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
            print(*await server.obey(order), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
