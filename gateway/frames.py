"""A server's WebSocket text frame (RFC 6455, 5.2): final, unmasked, no extension. Built once and written to every client."""

_FINAL_TEXT = 0x81


def text_frame(payload: bytes) -> bytes:
    """The frame of one whole UTF-8 text message."""
    length = len(payload)
    if length < 126:
        return bytes((_FINAL_TEXT, length)) + payload
    if length < 65_536:
        return bytes((_FINAL_TEXT, 126, length >> 8, length & 0xFF)) + payload
    return bytes((_FINAL_TEXT, 127)) + length.to_bytes(8, "big") + payload
