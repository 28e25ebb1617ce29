"""Parquet files as rows of texts; pyarrow is imported only for them."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from runtime.errors import UserError


def names(path: Path) -> tuple[str, ...]:
    """Of the columns. Raises UserError."""
    return tuple(_opened(path).schema_arrow.names)


def rows(path: Path, header: Sequence[str], wanted: Collection[str], batch_rows: int) -> Iterator[tuple[int, float, list[str]]]:
    """(number from 1, share of the rows read so far, texts by the header; "" in columns that are not wanted). Raises UserError."""
    import pyarrow as pa

    file = _opened(path)
    number, total = 0, max(file.metadata.num_rows, 1)
    try:
        for batch in file.iter_batches(batch_rows, columns=[name for name in header if name in wanted]):
            nothing = [""] * batch.num_rows
            texts = {name: _texts(path, name, column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
            for row in zip(*(texts.get(name, nothing) for name in header), strict=True):
                number += 1
                yield number, number / total, list(row)
    except pa.ArrowException as error:
        raise UserError(f"{path} cannot be read to its end: {_line(error)}") from None


def _texts(path: Path, name: str, column: Any) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        # A column of repeated words is stored as numbers of words.
        plain = column.dictionary_decode() if hasattr(column, "dictionary_decode") else column
        texts: list[str] = pc.fill_null(pc.cast(plain, pa.string()), "").to_pylist()
    except pa.ArrowException:
        raise UserError(f"the column {name} of {path} holds {column.type}, which is no text, number or time; map another one") from None
    return texts


def _opened(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UserError('reading Parquet needs pyarrow; install it with pip install "tickerplant[backtest]"') from None
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException):
        raise UserError(f"{path} is no Parquet file") from None


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
