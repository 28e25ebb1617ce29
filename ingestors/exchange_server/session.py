"""One client of the exchange server: its subscriptions, and frames written to its transport many at a time."""

import asyncio
from collections.abc import Sequence, Set
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from ingestors.exchange_server.material import Frame

_SLOW_READER_BYTES = 64 * 1024 * 1024  # at a timeline's pace nobody waits for a reader: the exchange cuts it off
_SHORT, _MEDIUM = 126, 65_536
_HEADERS = [b"\x81" + (bytes([n]) if n < _SHORT else b"\x7e" + n.to_bytes(2, "big")) for n in range(2_048)]


def text_frame(payload: bytes) -> bytes:
    """An unmasked, unfragmented WebSocket text frame."""
    length = len(payload)
    if length < len(_HEADERS):
        return _HEADERS[length] + payload
    if length < _MEDIUM:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


class Session:
    """combined: frames come wrapped ({"stream", "data"}), else bare. Subscriptions come with the path and with commands."""

    def __init__(self, connection: ServerConnection, path: str) -> None:
        self.connection = connection
        split = urlsplit(path)
        self.combined = split.path.rstrip("/") == "/stream"
        named = parse_qs(split.query).get("streams", [""])[0] if self.combined else split.path.removeprefix("/ws").strip("/")
        self.streams: set[str] = set(filter(None, named.split("/")))
        self.ready = asyncio.Event()
        if self.streams:
            self.ready.set()

    def write(self, frames: Sequence[Frame], joined: bytes, streams: Set[str]) -> None:
        """Frames of the client's streams, without waiting. joined: all of them as WebSocket frames, for a client that wants all their streams."""
        if self.combined and streams <= {*self.streams, ""}:
            self.write_bytes(joined)
            return
        wanted = [frame.payload for frame in frames if not frame.stream or frame.stream in self.streams]
        if wanted:
            self.write_bytes(b"".join([text_frame(payload if self.combined else bare(payload)) for payload in wanted]))

    def write_bytes(self, data: bytes) -> None:
        """Raw WebSocket bytes past the library, which would frame and send them one by one."""
        transport = self.connection.transport
        if self.connection.state is not State.OPEN or transport.is_closing():
            return  # a client that has said goodbye gets nothing more, whether or not it has hung up
        transport.write(data)
        if transport.get_write_buffer_size() > _SLOW_READER_BYTES:
            transport.abort()

    async def drain(self) -> None:
        """Waits until the reader has taken most of it."""
        try:
            await self.connection.drain()
        except (OSError, ConnectionError):
            return  # the reader is gone; the server's own loop sees that

    def command(self, message: str | bytes) -> bytes:
        """Answers SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS as the exchange does; an unknown stream is accepted and stays silent."""
        try:
            order = msgspec.json.decode(message, type=_Command)
        except msgspec.DecodeError as error:
            return msgspec.json.encode({"code": 3, "msg": f"Invalid JSON: {error}"})
        result: Any = None
        if order.method == "SUBSCRIBE":
            self.streams |= set(order.params)
            self.ready.set()
        elif order.method == "UNSUBSCRIBE":
            self.streams -= set(order.params)
        elif order.method == "LIST_SUBSCRIPTIONS":
            result = sorted(self.streams)
        else:
            return msgspec.json.encode({"code": 2, "msg": f"Invalid request: unknown method {order.method}"})
        return msgspec.json.encode({"result": result, "id": order.id})


class _Command(msgspec.Struct):
    method: str
    params: list[str] = []
    id: int | str | None = None


class _Wrapper(msgspec.Struct):
    data: msgspec.Raw


def bare(payload: bytes) -> bytes:
    """The payload without its wrapper, as `/ws/<stream>` sends it."""
    try:
        return bytes(msgspec.json.decode(payload, type=_Wrapper).data)
    except msgspec.DecodeError:
        return payload
