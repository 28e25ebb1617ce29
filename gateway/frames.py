"""A server's WebSocket frames (RFC 6455, 5.2): final, unmasked, built once and written to every client that wants the same bytes.

Compression (RFC 7692) is without context between messages, so a compressed frame is everybody's too.
"""

import zlib
from typing import NamedTuple

import msgspec

_FINAL_TEXT = 0x81
_FINAL_BINARY = 0x82
_COMPRESSED = 0x40
_LEAST_COMPRESSED_BYTES = 100  # below it a compressed message is hardly smaller
_TAIL = b"\x00\x00\xff\xff"


class Wire(NamedTuple):
    """How a connection gets its messages: JSON in text frames or MessagePack in binary ones, compressed or not."""

    is_binary: bool = False
    is_deflated: bool = False


JSON = Wire()


def frame(payload: bytes, wire: Wire = JSON) -> bytes:
    """The frame of one whole message, which is in the wire's encoding."""
    first = _FINAL_BINARY if wire.is_binary else _FINAL_TEXT
    if wire.is_deflated and len(payload) >= _LEAST_COMPRESSED_BYTES:
        payload, first = _deflated(payload), first | _COMPRESSED
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65_536:
        return bytes((first, 126, length >> 8, length & 0xFF)) + payload
    return bytes((first, 127)) + length.to_bytes(8, "big") + payload


def frame_of_json(message: bytes, wire: Wire) -> bytes:
    """The frame of one of the gateway's own messages, made as JSON, in which no number has digits to lose."""
    return frame(msgspec.msgpack.encode(msgspec.json.decode(message)) if wire.is_binary else message, wire)


def _deflated(payload: bytes) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15, 5)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)
