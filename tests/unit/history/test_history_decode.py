"""Lines to tables: nothing rounded, nothing lost, NULLs where they were."""

from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from history.columns import BARS, TICKS, Column
from history.decode import DECIMAL, WIDE_DECIMAL, frame_of, table_of

TIME = Column("timestamp", "ts_open_ns", "time")
PRICE = Column("price", "price", "number", nullable=True)
FREE = Column("trade_id", "trade_id", "free_text", nullable=True)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def packed(rows: list[tuple[int, Decimal | None, str | None]]) -> list[bytes]:
    lines = [f"{time}\t{'' if price is None else format(price, 'f')}\t{'' if text is None else quoted(text)}" for time, price, text in rows]
    return ["\n".join(lines[:1]).encode(), *(["\n".join(lines[1:]).encode()] if lines[1:] else [])]


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
    table = table_of([f"1\t{text}\t".encode(), b"2\t\t"], (TIME, PRICE, FREE), "decimal")
    assert table.schema.field("price").type == WIDE_DECIMAL
    assert table["price"].to_pylist() == [Decimal(text), None]


def test_floats_are_the_nearest() -> None:
    table = table_of([b"1\t0.1\t"], (TIME, PRICE, FREE), "float")
    assert table["price"].to_pylist() == [0.1]


def test_flags_and_empty_texts() -> None:
    columns = (TIME, Column("reasons", "", "text"), Column("primary", "", "flag"), Column("quality", "", "float"))
    table = table_of([b"1\t\tt\t0.25\n2\tlate gap\tf\t1"], columns, "decimal")
    assert [row["reasons"] for row in table.to_pylist()] == ["", "late gap"]
    assert table["primary"].to_pylist() == [True, False]


def test_every_default_is_a_column() -> None:
    for kind in (BARS, TICKS):
        assert [column.name for column in kind.chosen(None)] == ["timestamp", *kind.default]
