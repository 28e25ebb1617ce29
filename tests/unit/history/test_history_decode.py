"""Packed columns to tables: nothing rounded, nothing lost, NULLs where they were."""

import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from history.columns import BARS, TICKS, Column
from history.decode import DECIMAL, WIDE_DECIMAL, Packed, frame_of, table_of

TIME = Column("timestamp", "ts_open_ns", "time")
PRICE = Column("price", "price", "number", nullable=True)
FREE = Column("trade_id", "trade_id", "free_text", nullable=True)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def array(values: list[Any], form: str) -> bytes:
    """As the server sends an array: its header, and every element after its length."""
    return bytes(20) + b"".join(struct.pack(f">i{form}", 8, value) for value in values)


def packed(rows: list[tuple[int, Decimal | None, str | None]]) -> list[Packed]:
    """A slice with the first row, and one with the others if there are any."""
    return [
        (
            array([time for time, _, _ in part], "q"),
            "\n".join("" if price is None else format(price, "f") for _, price, _ in part).encode(),
            "\n".join("" if text is None else quoted(text) for _, _, text in part).encode(),
        )
        for part in (rows[:1], rows[1:])
        if part
    ]


rows_of = st.lists(
    st.tuples(
        st.integers(0, 2**62),
        st.none() | st.decimals(-(10**19), 10**19, places=18),
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8),
    ),
    min_size=1,
    max_size=20,
)


@given(rows_of)
def test_exact_values_come_back(rows: list[tuple[int, Decimal | None, str | None]]) -> None:
    columns = (TIME, PRICE, FREE)
    table = table_of(packed(rows), columns, "decimal")
    assert table.schema.field("price").type == DECIMAL
    assert [
        *zip(table["timestamp"].cast(pa.int64()).to_pylist(), table["price"].to_pylist(), table["trade_id"].to_pylist(), strict=True)
    ] == rows
    frame = frame_of(table_of(packed(rows), columns, "text"), columns)
    assert frame["price"].tolist() == [price for _, price, _ in rows]
    assert [at.value for at in frame.index] == [time for time, _, _ in rows]


def test_more_digits_than_decimal128_has() -> None:
    text = "1.1234567890123456789012345"
    table = table_of([(array([1], "q"), text.encode(), b""), (array([2], "q"), b"", b"")], (TIME, PRICE, FREE), "decimal")
    assert table.schema.field("price").type == WIDE_DECIMAL
    assert table["price"].to_pylist() == [Decimal(text), None]


def test_floats_are_the_nearest() -> None:
    table = table_of([(array([1], "q"), b"0.1", b"")], (TIME, PRICE, FREE), "float")
    assert table["price"].to_pylist() == [0.1]


def test_flags_and_empty_texts() -> None:
    columns = (TIME, Column("reasons", "", "text"), Column("primary", "", "flag"), Column("quality", "", "float"))
    table = table_of([(array([1, 2], "q"), b"\nlate gap", b"t\nf", array([0.1, 1.0], "d"))], columns, "decimal")
    assert [row["reasons"] for row in table.to_pylist()] == ["", "late gap"]
    assert table["primary"].to_pylist() == [True, False]
    assert table["quality"].to_pylist() == [0.1, 1.0]


def test_no_slices_are_a_table_without_rows() -> None:
    for numbers in ("decimal", "float", "text"):
        table = table_of([], (TIME, PRICE, FREE), numbers)
        assert (table.num_rows, table.column_names) == (0, ["timestamp", "price", "trade_id"])


def test_every_default_is_a_column() -> None:
    for kind in (BARS, TICKS):
        assert [column.name for column in kind.chosen(None)] == ["timestamp", *kind.default]
