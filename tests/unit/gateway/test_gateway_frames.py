"""Our frames are read by the websockets library's own parser."""

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from gateway.frames import text_frame


def parse(data: bytes) -> Frame:
    reader = StreamReader()
    reader.feed_data(data)
    parsing: Generator[None, None, Frame] = Frame.parse(reader.read_exact, mask=False)
    try:
        next(parsing)
    except StopIteration as done:
        frame: Any = done.value
        return frame  # type: ignore[no-any-return]
    raise AssertionError("the frame is not whole")


@given(st.text(max_size=300))
def test_library_reads_the_frame(text: str) -> None:
    frame = parse(text_frame(text.encode()))
    assert (frame.opcode, frame.fin, bytes(frame.data).decode()) == (Opcode.TEXT, True, text)


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 200_000])
def test_every_length_form(length: int) -> None:
    assert len(parse(text_frame(b"x" * length)).data) == length
