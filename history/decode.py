"""Packed columns as Arrow tables, and those as data frames. Exact unless asked otherwise. No I/O."""

import io
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from history.columns import Column
from history.exact import ExactArray

# decimal: decimal128 with 18 places, decimal256 with 38 where that is too small. float: float64, the nearest one. text: the table's own digits.
Numbers = Literal["decimal", "float", "text"]
DECIMAL = pa.decimal128(38, 18)
WIDE_DECIMAL = pa.decimal256(76, 38)
_TIME = pa.timestamp("ns", tz="UTC")
_TYPES = {"integer": pa.int64(), "flag": pa.bool_(), "text": pa.string(), "free_text": pa.string()}


Packed = tuple[Any, ...]  # of one slice: bytes a column

_ARRAY_HEADER_BYTES = 20  # of the server's binary array with one dimension
_ELEMENTS = {"float": np.dtype([("bytes", ">i4"), ("value", ">f8")])}
_INTEGERS = np.dtype([("bytes", ">i4"), ("value", ">i8")])


def table_of(packed: Sequence[Packed], columns: Sequence[Column], numbers: Numbers) -> pa.Table:
    """The rows of all slices. Times are timestamps in UTC with nanoseconds."""
    if numbers == "decimal":
        try:
            return _typed(packed, columns, DECIMAL)
        except pa.ArrowInvalid:  # more digits than it holds, and it never rounds
            return _typed(packed, columns, WIDE_DECIMAL)
    return _typed(packed, columns, pa.float64() if numbers == "float" else pa.string())


def frame_of(table: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    """Indexed by timestamp. Numbers that came as text become exact ones."""
    texts = [column.name for column in columns if column.kind == "number" and pa.types.is_string(table.schema.field(column.name).type)]
    frame: pd.DataFrame = table.drop_columns(texts).to_pandas(split_blocks=True)
    for position, column in enumerate(columns):
        if column.name in texts:
            frame.insert(position, column.name, pd.Series(ExactArray(table.column(column.name)), copy=False))
    return frame.set_index("timestamp")


def _typed(packed: Sequence[Packed], columns: Sequence[Column], of_numbers: Any) -> pa.Table:
    values = [_column([one[position] for one in packed], column, of_numbers) for position, column in enumerate(columns)]
    return pa.table(values, names=[column.name for column in columns])


def _column(parts: list[bytes], column: Column, of_numbers: Any) -> Any:
    if column.is_binary:
        values = pa.array(_unpacked(parts, _ELEMENTS.get(column.kind, _INTEGERS)))
        return values.cast(_TIME) if column.kind == "time" else values
    wide = column.kind == "number" and of_numbers == WIDE_DECIMAL  # which the parser of text does not know
    values = _parsed(parts, column, pa.string() if wide else of_numbers if column.kind == "number" else _TYPES[column.kind])
    if wide:
        return values.cast(WIDE_DECIMAL)
    return values.fill_null("") if column.kind == "text" and not column.nullable and values.null_count else values


def _unpacked(parts: list[bytes], elements: Any) -> Any:
    """Every element says its length, eight, before its value."""
    values = [np.frombuffer(part, elements, offset=_ARRAY_HEADER_BYTES)["value"] for part in parts]
    return np.concatenate([np.empty(0, elements["value"]), *values]).astype(elements["value"].newbyteorder("="))


def _parsed(parts: list[bytes], column: Column, kind: Any) -> Any:
    if not parts:
        return pa.array([], kind)
    data = b"\n".join([*parts, b""])
    table = csv.read_csv(
        io.BytesIO(data),
        read_options=csv.ReadOptions(column_names=[column.name], use_threads=False, block_size=len(data)),
        # A column has no second field: a separator that no number, code or name holds; free text is quoted.
        parse_options=csv.ParseOptions(
            delimiter="\t",
            quote_char='"' if column.kind == "free_text" else False,
            newlines_in_values=column.kind == "free_text",
            ignore_empty_lines=False,
        ),
        convert_options=csv.ConvertOptions(
            column_types={column.name: kind},
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return table.column(0)
