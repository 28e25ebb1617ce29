"""Rows on their way to a table, as COPY text, with the way back from a row to the record that it came from."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from runtime.stage import InputRecord
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert


class Block(NamedTuple):
    """The rows of one record. source, ts_receive_ns: of a tick envelope, for metrics. expired: positions of its rows that are past their retention, not in text."""

    text: bytes
    rows: int
    source: str = ""
    ts_receive_ns: int = 0
    expired: frozenset[int] = frozenset()


class TableWriter(Protocol):
    """One table. upsert: how its rows go there, and where they can be tried."""

    table: str
    upsert: Upsert

    def block(self, record: InputRecord) -> Block:
        """COPY text of a record's rows. Raises schemas.codec.DecodeError or SchemaError if it is not the event."""

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        """Writes whole rows, in any number of pieces, within the caller's transaction; returns how many changed the table. Repeats and older revisions change nothing. Raises psycopg.Error."""


class TableRows:
    """The rows of one table in one batch."""

    def __init__(self) -> None:
        self.rows = 0
        self._blocks: list[bytes] = []
        self._starts: list[int] = []
        self._records: list[InputRecord] = []
        self._expired: list[frozenset[int]] = []

    def add(self, record: InputRecord, block: Block) -> None:
        self._starts.append(self.rows)
        self._records.append(record)
        self._expired.append(block.expired)
        self._blocks.append(block.text)
        self.rows += block.rows

    def text(self) -> Sequence[bytes]:
        """All rows, a piece a record."""
        return self._blocks

    def lines(self) -> list[bytes]:
        """The rows one by one; newlines inside values are escaped."""
        return [line + b"\n" for block in self._blocks for line in block.split(b"\n")[:-1]]

    def origin(self, row: int) -> tuple[InputRecord, int]:
        """(record, index of the row among the record's rows)."""
        at = bisect_right(self._starts, row) - 1
        index = row - self._starts[at]
        for expired in sorted(self._expired[at]):
            index += expired <= index
        return self._records[at], index
