"""Finds the rows that the server refuses, by halving: the others land, in the same transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg

from sinks.timescale.errors import is_row_error
from sinks.timescale.session import Connection

Write = Callable[[Connection, Sequence[bytes], int], int]


@dataclass(slots=True)
class Isolated:
    """written: rows that changed the table. refused: row number to the server's words."""

    written: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def write_isolated(connection: Connection, write: Write, lines: Sequence[bytes]) -> Isolated:
    """Writes lines in their order, each part under a savepoint. One bad row among n costs about 2 n row writes and 2 log2(n) savepoints.

    Raises psycopg.Error for whatever is not a row's fault.
    """
    result = Isolated()
    parts = [(0, len(lines))]
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
