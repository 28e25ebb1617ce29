"""Files as rows of texts, read in portions: a file may be larger than the memory."""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from runtime.errors import UserError
from tickerplant.importing import parquet

MAX_LINE = 65_536
_BATCH_ROWS = 8_192
_DELIMITERS = ",;\t|"
_PARQUET = (".parquet", ".pq")
# Cut short, damaged, encrypted or packed in a way that Python does not know (both RuntimeError).
_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, csv.Error)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is, for people."""

    path: Path
    number: int

    def __str__(self) -> str:
        return f"{self.path.name}:{self.number}"


class Unclosed(list[str]):
    """A line with a quote that does not end on it, as its only cell: a stray quote would else take in all lines up to the next one."""


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
        except _UNREADABLE as error:
            raise UserError(
                f"{path} cannot be read: {str(error) or error.__class__.__name__}; give a CSV file (also .gz or .zip) or a Parquet file"
            ) from None

    def rows(self, wanted: Collection[str]) -> Iterator[tuple[int, list[str]]]:
        """(number of the line or row from 1, its texts; an absent value is ""). Raises UserError if the file breaks off.

        wanted: columns; of a Parquet file the others are not read and "".
        """
        try:
            yield from self._parquet_rows(wanted) if self._is_parquet else self._csv_rows()
        except _UNREADABLE as error:
            raise UserError(f"{self.path} cannot be read to its end: {error}") from None

    def _head(self) -> tuple[tuple[str, ...], str]:
        if self._is_parquet:
            return parquet.names(self.path), ""
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
            lines = _Lines(text, self.path)
            for number, row in enumerate(csv.reader(lines, delimiter=self._delimiter), 1):
                if number % _BATCH_ROWS == 0:
                    self.read_bytes = min(below.tell(), self.size)
                if row and (number > 1 or self._given):
                    yield number, Unclosed([lines.last.rstrip("\r\n")]) if lines.is_open else row
                lines.is_taken = True
        self.read_bytes = self.size

    def _parquet_rows(self, wanted: Collection[str]) -> Iterator[tuple[int, list[str]]]:
        for number, share, row in parquet.rows(self.path, self.header, wanted, _BATCH_ROWS):
            self.read_bytes = round(self.size * share)
            yield number, row


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


class _Lines:
    """One line a row. The csv reader asks for a second one where a quote is open: it is told that there is none, and gives what it has.

    last: the newest line; is_open: the reader asked for more; is_taken: to be set when its row was taken.
    """

    def __init__(self, text: IO[str], path: Path) -> None:
        self._text = text
        self._path = path
        self.last = ""
        self.is_open = False
        self.is_taken = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        """Raises UserError: a file without line ends would else be read into memory whole."""
        if not self.is_taken:
            self.is_open = True
            raise StopIteration
        line = self.last = self._text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE and not line.endswith("\n"):
            raise UserError(f"{self._path} has a line of more than {MAX_LINE} characters; it is no CSV file of ticks or bars")
        self.is_open = self.is_taken = False
        return line


def _looks_like_a_value(cell: str) -> bool:
    return cell.strip().replace(".", "", 1).replace("-", "").replace(":", "").replace(" ", "").isdigit()
