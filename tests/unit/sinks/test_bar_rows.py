"""Rows of market_ohlcv as COPY text."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from schemas.bars import BidAsk
from schemas.topics import Topic
from sinks.timescale.bars import COLUMNS, BarWriter
from sinks.timescale.text import row
from tests.sink_events import T0_NS, bar, record

_TEXTS = ("symbol", "source", "open", "volume", "vwap")
_CHANGES: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.text(st.characters(exclude_categories=["Cs"])) for name in _TEXTS},
    "ts_open_ns": st.integers(-(10**18), 10**19),
    "quality": st.sampled_from([1.0, 0.0, 0.1 + 0.2, 1e-17]),
    "reasons": st.lists(st.text("abc_ {},\\\"'é", min_size=1), max_size=3).map(tuple),
    "primary": st.booleans(),
    "sides": st.none() | st.builds(BidAsk, *([st.sampled_from(["1.08", "1e-9"])] * 8)),
}


@given(st.fixed_dictionaries({}, optional=_CHANGES))
def test_rows_built_fast_are_the_same(changes: dict[str, Any]) -> None:
    """Field by field as `row` writes any values."""
    of = bar(0, 1, **changes)
    block = BarWriter().block(record(Topic.BARS, 0, of))
    names = {"open": "open_price", "close": "close_price", "high": "high_price", "low": "low_price", "quality": "quality_score"}
    fields = dict(zip(COLUMNS, block.text[:-1].split(b"\t"), strict=True))
    assert (block.rows, block.text[-1:]) == (1, b"\n")
    for name in of.__struct_fields__:
        column = names.get(name, f"is_{name}" if name == "primary" else name)
        if column in fields:
            assert fields[column] + b"\n" == row((getattr(of, name),))
    sides = structs.asdict(of.sides) if of.sides else dict.fromkeys(structs.asdict(BidAsk(*"12345678")))
    assert {name: fields[name] + b"\n" for name in sides} == {name: row((value,)) for name, value in sides.items()}


def test_the_time_is_cut_to_microseconds() -> None:
    assert (
        BarWriter()
        .block(record(Topic.BARS, 0, bar(ts_open_ns=T0_NS + 1_999)))
        .text.startswith(b"2024-08-08 23:58:00.000001+00\tBTC-USDT\t")
    )
