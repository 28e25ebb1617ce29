"""One batch, one transaction.

Order: rows of all tables -> dead letters delivered to Kafka -> positions moved -> COMMIT. A crash before COMMIT leaves nothing but perhaps repeated dead
letters, which carry their identity; a crash after it leaves everything.
"""

from collections.abc import Callable, Mapping, Sequence

import psycopg

from runtime.faults import KillPoints
from schemas.reasons import Reason
from schemas.topics import Topic
from sinks.letters import LetterBox
from sinks.timescale.batch import Batch
from sinks.timescale.errors import is_row_error
from sinks.timescale.isolation import write_isolated
from sinks.timescale.letters import deliver, row_letters
from sinks.timescale.offsets import Move, Offsets
from sinks.timescale.rows import TableRows, TableWriter
from sinks.timescale.session import Connection

Written = dict[str, int]  # table to the number of rows that changed it
_WriteTable = Callable[[Connection, Batch, TableWriter, TableRows], int]


class BatchTransaction:
    """Writes batches. process: who refuses, in dead letters."""

    def __init__(
        self, process: str, writers: Mapping[Topic, TableWriter], letters: LetterBox, offsets: Offsets, points: KillPoints
    ) -> None:
        self._process = process
        self._writers = writers
        self._letters = letters
        self._offsets = offsets
        self._points = points

    def write(self, connection: Connection, batch: Batch, moves: Sequence[Move]) -> Written:
        """On return the batch is committed. Raises psycopg.Error or TransientError (its outcome may be unknown: call again), FatalError if fenced."""
        if batch.attempted and self._landed(connection, moves):
            return {}
        batch.attempted = True
        try:
            return self._run(connection, batch, moves, _write_whole)
        except psycopg.Error as error:
            if not is_row_error(error):
                raise
        return self._run(connection, batch, moves, self._write_isolated)

    def _landed(self, connection: Connection, moves: Sequence[Move]) -> bool:
        """Whether an earlier attempt was committed although its answer was lost; waits for a server that is still at it."""
        now = self._offsets.next_offsets(connection, [move.place for move in moves])
        return all(now.get(move.place) == move.end for move in moves)

    def _run(self, connection: Connection, batch: Batch, moves: Sequence[Move], write: _WriteTable) -> Written:
        written: Written = {}
        with connection.transaction():
            for writer in self._writers.values():
                rows = batch.tables[writer.table]
                if rows.rows:
                    written[writer.table] = write(connection, batch, writer, rows)
            self._points.reach("rows_copied")
            deliver(self._letters, batch)
            self._offsets.move(connection, moves)
            self._points.reach("offsets_moved")
        return written

    def _write_isolated(self, connection: Connection, batch: Batch, writer: TableWriter, rows: TableRows) -> int:
        result = write_isolated(connection, writer, rows.lines())
        for number, error in result.refused.items():
            record, index = rows.origin(number)
            for letter in row_letters(self._process, record, Reason.UNSTORABLE, {index: error}):
                batch.refuse(letter)
        return result.written


def _write_whole(connection: Connection, _batch: Batch, writer: TableWriter, rows: TableRows) -> int:
    return writer.write(connection, rows.text(), rows.rows)
