"""Whatever the bytes are, a decoder gives an event or raises DecodeError."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.codec import DecodeError, SchemaError
from tests.support import ROOT

DECODERS: dict[str, Callable[[bytes], Any]] = {
    "ticks": codec.decode_ticks,
    "bar": codec.decode_bar,
    "book": codec.decode_book,
    "indicators": codec.decode_indicators,
    "signal": codec.decode_signal,
    "gap": codec.decode_gap,
    "dead_letter": codec.decode_dead_letter,
}


@pytest.fixture(params=DECODERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def example(kind: str) -> bytes:
    files: list[Path] = sorted((ROOT / "schemas/examples" / kind / "valid").glob("*.json"))
    return files[0].read_bytes()


def test_broken_utf_8_within_a_string(kind: str) -> None:
    good = example(kind)
    broken = good.replace(b"binance", b"bin\xffance", 1)
    assert broken != good
    with pytest.raises(DecodeError, match="utf-8") as refused:
        DECODERS[kind](broken)
    assert not isinstance(refused.value, SchemaError)


@pytest.mark.parametrize("start", [b'{"a":', b'{"symbol":"X","a":'])
def test_nesting_without_end(kind: str, start: bytes) -> None:
    with pytest.raises(DecodeError, match="recursion") as refused:
        DECODERS[kind](start + b"[" * 100_000)
    assert not isinstance(refused.value, SchemaError)


def test_json_that_is_another_event_is_told_apart(kind: str) -> None:
    with pytest.raises(SchemaError):
        DECODERS[kind](b'{"v":1}')


@given(st.binary(max_size=80), st.integers(0, 400), st.sampled_from(sorted(DECODERS)))
def test_any_bytes_in_any_place(noise: bytes, place: int, kind: str) -> None:
    good = example(kind)
    try:
        DECODERS[kind](good[:place] + noise + good[place + len(noise) :])
    except DecodeError:
        return
