"""Finds the rows that the server refuses: the others land, in the same transaction."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg

from sinks.timescale.errors import is_row_error
from sinks.timescale.rows import TableWriter
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert

Write = Callable[[Connection, Sequence[bytes], int], int]

# "COPY stage_market_ticks, line 17, column price": the word for line is in the server's language.
_LINE = re.compile(r"stage_\w+\D+(\d+)")


@dataclass(slots=True)
class Isolated:
    """written: rows that changed the table. refused: row number to the server's words."""

    written: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def write_isolated(connection: Connection, writer: TableWriter, lines: Sequence[bytes]) -> Isolated:
    """Writes lines in their order, without those that are refused. Raises psycopg.Error for whatever is not a row's fault.

    First all are tried, which finds what breaks a condition of the table at the cost of two COPYs a bad row, however many there are; then what is left is
    written, and halved if there is still a bad one among it.
    """
    refused = _sifted(connection, writer.upsert, lines)
    kept = [row for row in range(len(lines)) if row not in refused]
    result = _halved(connection, writer.write, [lines[row] for row in kept])
    return Isolated(result.written, refused | {kept[at]: error for at, error in result.refused.items()})


def _sifted(connection: Connection, upsert: Upsert, lines: Sequence[bytes]) -> dict[int, str]:
    """A part that stopped at a bad row has shown the rows before it to be good. The next part is twice as long as such a run, so that many bad rows do not
    mean that the rest is sent as many times."""
    refused: dict[int, str] = {}
    start, size = 0, len(lines)
    while start < len(lines):
        part = lines[start : start + size]
        error = _refusal(connection, upsert, part)
        if error is None:
            start, size = start + len(part), 2 * size
            continue
        at = _bad_line(error, len(part))
        if at is None or (len(part) > 1 and _refusal(connection, upsert, part[at : at + 1]) is None):
            break  # not what we take for the line's number
        refused[start + at] = " ".join(str(error).split())
        start, size = start + at + 1, max(1, 2 * at)
    return refused


def _bad_line(error: psycopg.Error, lines: int) -> int | None:
    if lines == 1:
        return 0
    found = _LINE.search(error.diag.context or "")
    return int(found[1]) - 1 if found and 1 <= int(found[1]) <= lines else None


def _refusal(connection: Connection, upsert: Upsert, lines: Sequence[bytes]) -> psycopg.Error | None:
    try:
        with connection.transaction():
            upsert.check(connection, lines)
            raise psycopg.Rollback
    except psycopg.Error as error:
        if not is_row_error(error):
            raise
        return error
    return None


def _halved(connection: Connection, write: Write, lines: Sequence[bytes]) -> Isolated:
    """Each part under a savepoint. One bad row among n costs about 2 n row writes and 2 log2(n) savepoints."""
    result = Isolated()
    parts = [(0, len(lines))] if lines else []
    while parts:
        start, end = parts.pop()
        try:
            with connection.transaction():
                result.written += write(connection, lines[start:end], end - start)
        except psycopg.Error as error:
            if not is_row_error(error):
                raise
            if end - start == 1:
                result.refused[start] = " ".join(str(error).split())
            else:
                middle = (start + end) // 2
                parts += [(middle, end), (start, middle)]
    return result
