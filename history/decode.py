"""Packed lines as Arrow tables, and those as data frames. Exact unless asked otherwise. No I/O."""

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from history.columns import Column

# decimal: decimal128 with 18 places, decimal256 with 38 where that is too small. float: float64, the nearest one. text: the table's own digits.
Numbers = Literal["decimal", "float", "text"]
DECIMAL = pa.decimal128(38, 18)
WIDE_DECIMAL = pa.decimal256(76, 38)
_TIME = pa.timestamp("ns", tz="UTC")
_TYPES = {
    "time": pa.int64(),
    "float": pa.float64(),
    "integer": pa.int64(),
    "flag": pa.bool_(),
    "text": pa.string(),
    "free_text": pa.string(),
}


def table_of(packed: Sequence[bytes], columns: Sequence[Column], numbers: Numbers) -> pa.Table:
    """The rows of all slices. Times are timestamps in UTC with nanoseconds."""
    data = b"\n".join(packed)
    if numbers == "decimal":
        try:
            return _typed(_parsed(data, columns, DECIMAL), columns, DECIMAL)
        except pa.ArrowInvalid:  # more digits than it holds, and it never rounds
            return _typed(_parsed(data, columns, pa.string()), columns, WIDE_DECIMAL)
    of_numbers = pa.float64() if numbers == "float" else pa.string()
    return _typed(_parsed(data, columns, of_numbers), columns, of_numbers)


def frame_of(table: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    """Indexed by timestamp. Numbers that came as text become Decimal objects."""
    texts = [column.name for column in columns if column.kind == "number" and pa.types.is_string(table.schema.field(column.name).type)]
    frame: pd.DataFrame = table.drop_columns(texts).to_pandas(split_blocks=True)
    for position, column in enumerate(columns):
        if column.name in texts:
            frame.insert(position, column.name, _decimals(table.column(column.name)))
    return frame.set_index("timestamp")


def _parsed(data: bytes, columns: Sequence[Column], of_numbers: Any) -> pa.Table:
    types = {column.name: of_numbers if column.kind == "number" else _TYPES[column.kind] for column in columns}
    if not data:
        return pa.schema(list(types.items())).empty_table()
    return csv.read_csv(
        io.BytesIO(data),
        read_options=csv.ReadOptions(column_names=list(types), use_threads=False, block_size=max(len(data), 1)),
        parse_options=csv.ParseOptions(delimiter="\t", newlines_in_values=any(column.kind == "free_text" for column in columns)),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _typed(table: pa.Table, columns: Sequence[Column], of_numbers: Any) -> pa.Table:
    for position, column in enumerate(columns):
        values = table.column(position)
        if column.kind == "time":
            values = values.cast(_TIME)
        elif column.kind == "number" and values.type != of_numbers:
            values = values.cast(of_numbers)
        elif column.kind == "text" and not column.nullable and values.null_count:
            values = values.fill_null("")
        table = table.set_column(position, column.name, values)
    return table


def _decimals(texts: pa.ChunkedArray) -> Any:
    """Each distinct text is converted once: prices repeat."""
    whole = texts.combine_chunks().dictionary_encode()
    values = np.empty(len(whole.dictionary) + 1, dtype=object)
    values[:-1] = [Decimal(text) for text in whole.dictionary.to_pylist()]  # the last stays None, for NULL
    return values[whole.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False)]
