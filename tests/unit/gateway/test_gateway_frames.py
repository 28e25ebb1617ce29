"""Our frames are read by the websockets library's own parser."""

from collections.abc import Generator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from gateway.frames import Wire, frame, frame_of_json


def parse(data: bytes, extensions: tuple[Any, ...] = ()) -> Frame:
    reader = StreamReader()
    reader.feed_data(data)
    parsing: Generator[None, None, Frame] = Frame.parse(reader.read_exact, mask=False, extensions=extensions)
    try:
        next(parsing)
    except StopIteration as done:
        found: Any = done.value
        return found  # type: ignore[no-any-return]
    raise AssertionError("the frame is not whole")


@given(st.text(max_size=300))
def test_library_reads_the_frame(text: str) -> None:
    found = parse(frame(text.encode()))
    assert (found.opcode, found.fin, bytes(found.data).decode()) == (Opcode.TEXT, True, text)


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 200_000])
def test_every_length_form(length: int) -> None:
    assert len(parse(frame(b"x" * length)).data) == length


@given(st.text(max_size=3000))
def test_compressed_frames_need_nothing_of_the_ones_before(text: str) -> None:
    for _ in range(2):  # each by a new extension
        reading = PerMessageDeflate(True, True, 15, 15)
        found = parse(frame(text.encode(), Wire(is_deflated=True)), (reading,))
        assert bytes(found.data).decode() == text


def test_own_messages_go_out_in_the_wires_encoding() -> None:
    found = parse(frame_of_json(b'{"type":"pong","ts_ns":17,"quality":0.5}', Wire(is_binary=True)))
    assert found.opcode is Opcode.BINARY
    assert msgspec.msgpack.decode(found.data) == {"type": "pong", "ts_ns": 17, "quality": 0.5}
