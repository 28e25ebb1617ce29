"""What RFC 6455 asks of a server, case by case over bare sockets, and any messages at all: answered or closed with the right code, nothing left behind.

Written against the RFC, since the Autobahn suite needs Python 2; the section that a case comes from stands beside it.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.access_support import SECRET, token
from tests.gateway_support import Gateway, client_of, running_gateway
from tests.support import eventually

pytestmark = pytest.mark.stack
CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA
PING_ACTION = b'{"action":"ping","id":"rfc"}'


@pytest.fixture(scope="module")
def gateway(module_line: Any) -> Iterator[Gateway]:
    access = {"HS256_SECRET": SECRET, "ANONYMOUS": "free", "CLIENT_MESSAGES_PER_S": "10000"}
    env = {f"TICKERPLANT_GATEWAY__ACCESS__{name}": value for name, value in access.items()}
    with running_gateway(module_line, **env, TICKERPLANT_GATEWAY__MAX_MESSAGE_BYTES="4096") as started:
        yield started


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, masked: bool = True, length: bytes | None = None
) -> bytes:
    """One frame, well formed unless told otherwise."""
    size = len(payload)
    if length is None:
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size) if size < 65536 else b"\x7f" + struct.pack("!Q", size)
    first = bytes([(0x80 if fin else 0) | reserved << 4 | opcode, length[0] | (0x80 if masked else 0)])
    mask = b"\x11\x22\x33\x44" if masked else b""
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if masked else payload
    return first + length[1:] + mask + body


class Bare:
    """An open WebSocket without a library in between."""

    def __init__(self, gateway: Gateway, head: str = "") -> None:
        host, port = gateway.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        upgrade = (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        )
        self.socket.sendall((head or f"GET /ws HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n").encode())
        self._read = self.socket.makefile("rb")
        self.status = self._read.readline().split(b" ")[1:2]
        while self._read.readline() not in (b"\r\n", b""):
            pass

    def send(self, *frames: bytes) -> None:
        with suppress(ConnectionError):
            self.socket.sendall(b"".join(frames))

    def next(self) -> tuple[int, bytes]:
        """(opcode, payload) of the next frame; opcode -1 when the socket is closed."""
        with suppress(ConnectionError):
            if len(head := self._read.read(2)) == 2:
                size = head[1] & 0x7F
                size = struct.unpack("!H", self._read.read(2))[0] if size == 126 else size
                size = struct.unpack("!Q", self._read.read(8))[0] if size == 127 else size
                return head[0] & 0x0F, self._read.read(size)
        return -1, b""

    def until(self, wanted: int, text: bytes = b"") -> bytes:
        """The payload of the next frame of this opcode that has this text in it."""
        while True:
            opcode, payload = self.next()
            if opcode == wanted and text in payload:
                return payload
            assert opcode != -1, "closed before"

    def close_code(self) -> int | None:
        """The code of the close frame; None for one without."""
        payload = self.until(CLOSE)
        return struct.unpack("!H", payload[:2])[0] if payload else None

    def __enter__(self) -> "Bare":
        return self

    def __exit__(self, *_: object) -> None:
        self._read.close()
        self.socket.close()


VIOLATIONS: dict[str, tuple[bytes, int]] = {
    "5.1 unmasked": (frame(TEXT, b"{}", masked=False), 1002),
    "5.2 reserved bit 1": (frame(TEXT, b"{}", reserved=4), 1002),
    "5.2 reserved bit 2": (frame(TEXT, b"{}", reserved=2), 1002),
    "5.2 reserved bit 3": (frame(PING, reserved=1), 1002),
    "5.2 reserved data opcode": (frame(0x3), 1002),
    "5.2 reserved control opcode": (frame(0xB), 1002),
    "5.2 longer than the limit says": (frame(TEXT, length=b"\x7f" + struct.pack("!Q", 1 << 40)), 1009),
    "5.4 continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "5.4 text inside a fragmented text": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "5.5 control frame in fragments": (frame(PING, fin=False), 1002),
    "5.5 control frame of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "5.5.1 close with one byte": (frame(CLOSE, b"\x03"), 1002),
    "7.4.1 close code 1005": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "7.4.1 close code 1006": (frame(CLOSE, struct.pack("!H", 1006)), 1002),
    "7.4.2 close code 999": (frame(CLOSE, struct.pack("!H", 999)), 1002),
    "7.4.2 close code 5000": (frame(CLOSE, struct.pack("!H", 5000)), 1002),
    "8.1 close reason no UTF-8": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
    "8.1 text no UTF-8": (frame(TEXT, b"\xce\xba\xff"), 1007),
    "8.1 text cut in a character": (frame(TEXT, b"\xce", fin=False) + frame(CONTINUATION, b""), 1007),
    "8.1 surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "10.4 too long": (frame(TEXT, b"x" * 4097), 1009),
    "10.4 too long in fragments": (frame(TEXT, b"x" * 3000, fin=False) + frame(CONTINUATION, b"x" * 3000), 1009),
    "7.1.1 close": (frame(CLOSE, struct.pack("!H", 1000) + b"bye"), 1000),
    "7.4.2 close of an application": (frame(CLOSE, struct.pack("!H", 4999)), 4999),
}


@pytest.mark.parametrize("case", VIOLATIONS)
def test_close_codes(gateway: Gateway, case: str) -> None:
    said, code = VIOLATIONS[case]
    with Bare(gateway) as client:
        client.send(said)
        assert client.close_code() == code
        client.send(frame(CLOSE, struct.pack("!H", code)))
        assert client.next()[0] == -1


def test_close_without_a_code_is_answered_without_one(gateway: Gateway) -> None:
    with Bare(gateway) as client:
        client.send(frame(CLOSE))
        assert client.close_code() is None


def test_pings_are_answered_with_their_payload_in_the_middle_of_a_message_too(gateway: Gateway) -> None:
    with Bare(gateway) as client:
        client.send(frame(TEXT, PING_ACTION[:5], fin=False), frame(PING, b"x" * 125), frame(CONTINUATION, PING_ACTION[5:]))
        assert client.until(PONG) == b"x" * 125
        assert client.until(TEXT, b'"pong"')
        client.send(frame(PONG, b"unasked"), frame(PING))
        assert client.until(PONG) == b""


def test_message_in_single_bytes_and_empty_fragments(gateway: Gateway) -> None:
    pieces = [frame(CONTINUATION, bytes([byte]), fin=False) for byte in PING_ACTION[1:]]
    with Bare(gateway) as client:
        client.send(frame(TEXT, PING_ACTION[:1], fin=False), *pieces, frame(CONTINUATION, b"", fin=True))
        assert client.until(TEXT, b'"pong"')


HANDSHAKES = {
    "4.2.1 no key": "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "4.2.1 short key": "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: YQ==\r\n\r\n",
    "4.2.2 other version": "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "4.2.1 no upgrade": "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n",
    "4.2.1 no GET": "POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "4.1 no HTTP": "hello\r\n\r\n",
}


@pytest.mark.parametrize("case", HANDSHAKES)
def test_handshakes_that_are_none(gateway: Gateway, case: str) -> None:
    with Bare(gateway, HANDSHAKES[case]) as client:
        assert client.status == [] or client.status[0].startswith(b"4"), client.status


_ACTIONS = st.sampled_from(["authenticate", "subscribe", "unsubscribe", "ping", "list", "", "drop"])
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.sampled_from(["*", "BTC-USDT", "1m"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = ["channel", "symbol", "timeframe", "source", "indicator", "numbers", "snapshot", "filters", "max_per_s", "resume", "token", "id"]
_CHANNELS = st.sampled_from(
    ["ticks", "ohlcv", "ohlcv_forming", "orderbook", "indicators", "signals", "alerts", "quality", "gaps", "market-summary"]
)
_TOKENS = st.sampled_from([token(), token(tier="free"), token(expires_in_s=-5), "a.b.c"])
_MESSAGES = st.builds(
    lambda action, fields, channel, good: {**fields, "action": action, **({"channel": channel} if channel else {}), **good},
    _ACTIONS,
    st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=5),
    st.none() | _CHANNELS,
    st.just({}) | st.fixed_dictionaries({"symbol": st.sampled_from(["BTC-USDT", "*"])}) | st.fixed_dictionaries({"token": _TOKENS}),
)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(messages=st.lists(_MESSAGES, min_size=1, max_size=25))
def test_any_messages_are_answered_and_nothing_is_left_behind(gateway: Gateway, messages: list[dict[str, Any]]) -> None:
    async def talk() -> int | None:
        async with client_of(gateway) as client:
            with suppress(ConnectionClosed):
                for message in messages:
                    await client.connection.send(json.dumps(message))
                await client.connection.send('{"action":"ping","id":"last"}')
                while json.loads(await client.connection.recv()).get("id") != "last":
                    pass
                return None
        return client.connection.close_code

    assert asyncio.run(talk()) in (None, 1008, 4401)
    assert gateway.process.poll() is None


def test_nothing_was_left_behind(gateway: Gateway) -> None:
    eventually(lambda: gateway.metric("tickerplant_clients") == 0)
    assert gateway.metric("tickerplant_subscriptions") == 0
    assert gateway.ready()[0]
