"""A selection: what was asked for, not yet read. Reads it whole or in chunks, as pandas or Arrow."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg.pq import TransactionStatus

from history.decode import Numbers, Packed, frame_of, table_of
from history.errors import NoRows
from history.plan import Plan, plan_of
from history.query import Question, statement
from history.session import Connection, Session
from runtime.errors import UserError

CHUNK_ROWS = 100_000
_WHOLE_CHUNK_ROWS = 40_000  # of a read that two connections share: small, so that neither has much left when the other is done
_CANCEL_TIMEOUT_S = 5.0  # a cancel goes over a connection of its own, which may hang as any other
# What a caller says: exact decimals, or float64, which is quicker and right for returns.
As = Literal["exact", "float"]


@dataclass(frozen=True, slots=True)
class Progress:
    """rows: read so far; until: the range is read up to here; share: of the range in time, 0 to 1."""

    rows: int
    until: datetime
    share: float


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows with start <= timestamp < end. Every read sees one snapshot, may block on the database, and raises NoRows where there is nothing.

    spacing_of: estimates the time between rows, given a connection.
    """

    session: Session
    question: Question
    start: datetime
    end: datetime
    spacing_of: Callable[[Connection], Any]

    def pandas(self, numbers: As = "exact") -> pd.DataFrame:
        """A frame indexed by timestamp. Exact numbers are Decimals with the table's own digits (history.exact)."""
        tables = list(self._tables("text" if _is_exact(numbers) else "float", _WHOLE_CHUNK_ROWS, None, own=False))
        return frame_of(pa.concat_tables(tables), self.question.columns)

    def arrow(self, numbers: As = "exact") -> pa.Table:
        """A table. Exact numbers are decimal128 with 18 places, or decimal256 with 38 where one needs it."""
        tables = list(self._tables("decimal" if _is_exact(numbers) else "float", _WHOLE_CHUNK_ROWS, None, own=False))
        return pa.concat_tables(tables, promote_options="permissive")

    def frames(
        self, numbers: As = "exact", rows: int = CHUNK_ROWS, progress: Callable[[Progress], None] | None = None
    ) -> Iterator[pd.DataFrame]:
        """The range in order, a frame of about `rows` rows at a time, so that memory does not grow with the range."""
        for table in self._tables("text" if _is_exact(numbers) else "float", rows, progress, own=True):
            yield frame_of(table, self.question.columns)

    def tables(
        self, numbers: As = "exact", rows: int = CHUNK_ROWS, progress: Callable[[Progress], None] | None = None
    ) -> Iterator[pa.Table]:
        """The same as Arrow tables."""
        yield from self._tables("decimal" if _is_exact(numbers) else "float", rows, progress, own=True)

    def _tables(self, numbers: Numbers, rows: int, progress: Callable[[Progress], None] | None, own: bool) -> Iterator[pa.Table]:
        if rows < 1:
            raise UserError(f"rows={rows}: a chunk has at least one row")
        read = 0
        with self.session.snapshot(own) as connection:
            plan = plan_of(self.start, self.end, self.spacing_of(connection), rows)
            with self._readers(connection, own or plan.is_one_chunk) as readers:
                for until, table in self._decoded(readers, plan, numbers):
                    read += table.num_rows
                    if progress is not None:
                        progress(Progress(read, until, plan.share(until)))
                    if table.num_rows:
                        yield table
        if not read:
            raise NoRows(self._nothing())

    @contextmanager
    def _readers(self, connection: Connection, alone: bool) -> Iterator[list[Connection]]:
        if alone:
            yield [connection]
            return
        with self.session.beside(connection) as connections:
            yield connections

    def _decoded(self, connections: Sequence[Connection], plan: Plan, numbers: Numbers) -> Iterator[tuple[datetime, pa.Table]]:
        """The connections read chunks by turns, a thread each, and one more decodes; at most two chunks a connection are under way."""
        query, columns = statement(self.question), self.question.columns
        parameters = {**self.question.parameters(), "slice": plan.slice}
        with ExitStack() as stack:
            decoder = _thread(stack)
            readers = [(_thread(stack), connection) for connection in connections]

            def read(connection: Connection, start: datetime, end: datetime) -> Future[pa.Table]:
                packed = _packed(connection, query, {**parameters, "from": start, "to": end})
                return decoder.submit(table_of, packed, columns, numbers)

            waiting: deque[tuple[datetime, Future[Future[pa.Table]]]] = deque()
            stack.callback(_abandon, waiting, connections)
            for number, (start, end) in enumerate(plan.chunks()):
                thread, connection = readers[number % len(readers)]
                waiting.append((end, thread.submit(read, connection, start, end)))
                if len(waiting) == 2 * len(readers):
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)

    def _nothing(self) -> str:
        asked = self.question
        series = " ".join(part for part in (asked.symbol, asked.source, asked.timeframe) if part)
        known = "" if asked.as_of is None else f", known at {asked.as_of:%Y-%m-%dT%H:%M:%SZ}"
        return f"no {asked.kind.name} of {series} from {self.start:%Y-%m-%dT%H:%M:%SZ} to {self.end:%Y-%m-%dT%H:%M:%SZ}{known}"


def _thread(stack: ExitStack) -> ThreadPoolExecutor:
    """One that ends with the stack, without what it has not begun: the reader may leave early."""
    thread = ThreadPoolExecutor(1, "history")
    stack.callback(thread.shutdown, cancel_futures=True)
    return thread


def _abandon(waiting: deque[tuple[datetime, Future[Future[pa.Table]]]], connections: Sequence[Connection]) -> None:
    """Ends what the server still does for chunks that nobody will take: the reader left early, or the other connection failed."""
    if all(chunk.done() for _, chunk in waiting):
        return
    for connection in connections:
        if connection.info.transaction_status is TransactionStatus.ACTIVE:
            with suppress(psycopg.Error):  # then its own statement_timeout ends it
                connection.cancel_safe(timeout=_CANCEL_TIMEOUT_S)


def _first(waiting: deque[tuple[datetime, Future[Future[pa.Table]]]]) -> tuple[datetime, pa.Table]:
    until, table = waiting.popleft()
    return until, table.result().result()


def _is_exact(numbers: str) -> bool:
    if numbers not in ("exact", "float"):
        raise UserError(f"numbers={numbers!r}: write exact or float")
    return numbers == "exact"


def _packed(connection: Connection, query: Any, parameters: Mapping[str, Any]) -> list[Packed]:
    """The slices that have rows, a value a column, as the bytes that came."""
    result = connection.execute(query, parameters, binary=True).pgresult
    if result is None:
        return []
    slices = (tuple(result.get_value(row, column) for column in range(result.nfields)) for row in range(result.ntuples))
    return [values for values in slices if values[0] is not None]
