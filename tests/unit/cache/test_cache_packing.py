"""Values as bytes: exact, small, and never larger in memory than allowed."""

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.packing import TooLarge, Unreadable, pack, unpack

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
)
LIMIT = 1_000_000


@given(_JSON, st.integers(0, 2**63 - 1), st.sampled_from([0, 64, 100_000]))
def test_what_is_packed_comes_back(value: Any, ts_event_ns: int, above: int) -> None:
    assert unpack(pack(value, ts_event_ns, above, LIMIT), LIMIT) == {"ts_event_ns": ts_event_ns, "value": value}


def test_small_values_are_plain_json_and_large_ones_are_small() -> None:
    bars = [{"timestamp": f"2024-08-08T23:{minute:02d}:00Z", "close": f"617{minute}.25", "volume": "77.14202"} for minute in range(60)]
    assert json.loads(pack(bars[:1], 5, 1024, LIMIT)) == {"ts_event_ns": 5, "value": bars[:1]}
    assert len(pack(bars, 5, 1024, LIMIT)) < len(json.dumps(bars)) / 4


def test_what_compression_would_make_larger_stays_plain() -> None:
    assert pack("x", 1, 0, LIMIT).startswith(b"{")


def test_values_that_are_too_large_are_refused_on_both_sides() -> None:
    with pytest.raises(TooLarge, match="2,000,0"):
        pack("x" * 2_000_000, 1, 1024, LIMIT)
    bomb = b"\x00z" + zlib.compress(b'"' + b"x" * 100_000_000 + b'"')
    with pytest.raises(Unreadable, match="1,000,000"):
        unpack(bomb, LIMIT)


@pytest.mark.parametrize(
    "packed", [b"", b"\xff", b"{", b"\x00z", b"\x00zgarbage", b"\x00z" + zlib.compress(b"{")[:-3], b"[" * 100_000, b'"\xff"']
)
def test_anothers_bytes_are_unreadable_not_an_accident(packed: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(packed, LIMIT)
