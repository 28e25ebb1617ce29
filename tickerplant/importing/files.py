"""Files as rows of texts, read in portions: a file may be larger than the memory."""

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from runtime.errors import UserError

MAX_LINE = 65_536
_BATCH_ROWS = 8_192
_DELIMITERS = ",;\t|"
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is, for people."""

    path: Path
    number: int

    def __str__(self) -> str:
        return f"{self.path.name}:{self.number}"


class Table:
    """One file. header: the names of its columns; given for a file without one, else its first line."""

    def __init__(self, path: Path, names: Sequence[str] = ()) -> None:
        self.path = path
        self.read_bytes = 0  # of the file as it lies there, for a bar of progress
        self._given = tuple(names)
        self._is_parquet = path.suffix.lower() in _PARQUET
        try:
            self.size = path.stat().st_size
            self.header, self._delimiter = self._head()
        except (OSError, zipfile.BadZipFile) as error:
            raise UserError(
                f"{path} cannot be read: {error.__class__.__name__}; give a CSV file (also .gz or .zip) or a Parquet file"
            ) from None

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(number of the line or row from 1, its texts; an absent value is ""). Raises UserError if the file breaks off."""
        try:
            yield from self._parquet_rows() if self._is_parquet else self._csv_rows()
        except (OSError, EOFError, zipfile.BadZipFile, csv.Error) as error:
            raise UserError(f"{self.path} cannot be read to its end: {error}") from None

    def _head(self) -> tuple[tuple[str, ...], str]:
        if self._is_parquet:
            return tuple(_parquet(self.path).schema_arrow.names), ""
        with _text(self.path) as (text, _):
            first = text.readline(MAX_LINE).rstrip("\r\n")
        if not first:
            raise UserError(f"{self.path} is empty")
        delimiter = max(_DELIMITERS, key=first.count)
        cells = next(csv.reader([first], delimiter=delimiter))
        if self._given:
            return self._named(cells), delimiter
        if any(_looks_like_a_value(cell) for cell in cells):
            raise UserError(
                f"{self.path} has no header; name its columns with --columns, as --columns time,price,size (`-` for one to leave out)"
            )
        return tuple(cell.strip() for cell in cells), delimiter

    def _named(self, cells: Sequence[str]) -> tuple[str, ...]:
        if len(cells) != len(self._given):
            raise UserError(f"--columns names {len(self._given)} columns, {self.path} has {len(cells)}")
        return self._given

    def _csv_rows(self) -> Iterator[tuple[int, list[str]]]:
        with _text(self.path) as (text, below):
            for number, row in enumerate(csv.reader(_lines(text, self.path), delimiter=self._delimiter), 1):
                if number % _BATCH_ROWS == 0:
                    self.read_bytes = min(below.tell(), self.size)
                if row and (number > 1 or self._given):
                    yield number, row
        self.read_bytes = self.size

    def _parquet_rows(self) -> Iterator[tuple[int, list[str]]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        file = _parquet(self.path)
        number, total = 0, max(file.metadata.num_rows, 1)
        for batch in file.iter_batches(_BATCH_ROWS):
            texts = [pc.fill_null(pc.cast(_plain(column), pa.string()), "").to_pylist() for column in batch.columns]
            for row in zip(*texts, strict=True):
                number += 1
                yield number, list(row)
            self.read_bytes = self.size * number // total


def _plain(column: Any) -> Any:
    """A column of repeated words is stored as numbers of words."""
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


def _parquet(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UserError('reading Parquet needs pyarrow; install it with pip install "tickerplant[backtest]"') from None
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException):
        raise UserError(f"{path} is no Parquet file") from None


@contextmanager
def _text(path: Path) -> Iterator[tuple[IO[str], IO[bytes]]]:
    """The text, and below it the file as it lies there."""
    with path.open("rb") as below:
        if path.suffix.lower() == ".gz":
            opened: IO[bytes] = gzip.GzipFile(fileobj=below)  # type: ignore[assignment]
        elif path.suffix.lower() == ".zip":
            opened = _only_member(zipfile.ZipFile(below), path)
        else:
            opened = below
        yield io.TextIOWrapper(opened, encoding="utf-8-sig", errors="replace", newline=""), below


def _only_member(archive: zipfile.ZipFile, path: Path) -> IO[bytes]:
    members = [name for name in archive.namelist() if not name.endswith("/")]
    if len(members) != 1:
        raise UserError(f"{path} holds {len(members)} files; give one with a single CSV file in it")
    return archive.open(members[0])


def _lines(text: IO[str], path: Path) -> Iterator[str]:
    """A file without line ends would else be read into memory whole."""
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith("\n"):
            raise UserError(f"{path} has a line of more than {MAX_LINE} characters; it is no CSV file of ticks or bars")
        yield line


def _looks_like_a_value(cell: str) -> bool:
    return cell.strip().replace(".", "", 1).replace("-", "").replace(":", "").replace(" ", "").isdigit()
