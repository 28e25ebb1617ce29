"""The sink's one connection, made again when it was lost."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from sinks.timescale.text import joined

Connection = psycopg.Connection[tuple[Any, ...]]

_PIECE_BYTES = 131_072  # psycopg cuts what is longer
_SETTINGS = (
    "SET TIME ZONE 'UTC'",
    "SET client_min_messages = warning",
    "SET statement_timeout = '120s'",  # below max.poll.interval.ms (300 s), so that a stuck server does not cost the place in the group
    "SET lock_timeout = '30s'",
    "SET idle_in_transaction_session_timeout = '60s'",  # a stopped (not dead) sink must not keep its locks from its successor
    # Late rows and replays go into chunks that are columns by now; the guard of 100,000 tuples would refuse them for ever. Without TimescaleDB: no meaning.
    "SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0",
)


class Session:
    """`connection()` gives an open connection in autocommit mode; transactions are opened by `connection.transaction()`. Raises psycopg.Error."""

    def __init__(self, url: str, connect_timeout_s: float, application_name: str, stages: Iterable[str] = ()) -> None:
        self._url = url
        self._connect_timeout_s = max(2, round(connect_timeout_s))  # libpq takes whole seconds, at least two
        self._application_name = application_name
        self._stages = tuple(stages)
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def ping(self) -> None:
        self.connection().execute("SELECT 1")

    def close(self) -> None:
        """Also after an error: the state of that connection is not worth guessing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=self._connect_timeout_s,
            application_name=self._application_name,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=30_000,
        )
        for statement in (*_SETTINGS, *map(_stage, self._stages)):
            connection.execute(statement.encode())
        return connection


def stage_of(table: str) -> str:
    """The session's temporary table beside a table."""
    return f"stage_{table}"


def _stage(table: str) -> str:
    return f"CREATE TEMPORARY TABLE {stage_of(table)} (LIKE {table} INCLUDING CONSTRAINTS) ON COMMIT DELETE ROWS"


def copy_text(connection: Connection, statement: str, text: Sequence[bytes]) -> None:
    """One COPY ... FROM STDIN. Blocks until the server has taken it. Small pieces are joined: a call costs, and so does a copy of all of it."""
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for piece in joined(text, _PIECE_BYTES):
            copy.write(piece)
