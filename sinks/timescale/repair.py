"""`tickerplant repair`: chunks of columns on TimescaleDB that late rows, replays or corrections have reached since become whole columns again.

Such rows are stored and found at once, as rows beside the columns; until they are merged the chunk takes more room and reads slower. TimescaleDB's own job
merges them too, some time; this one does at once, and looks whether every key is still there only once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from runtime.errors import FatalError, TransientError, UserError
from sinks.timescale.errors import said
from sinks.timescale.keeping import HYPERTABLES
from sinks.timescale.session import Connection

_FULL_EDITION = (
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AND current_setting('timescaledb.license', true) = 'timescale'"
)
_PARTIAL = 8  # the flag of a chunk of columns that has rows beside them
_CHUNKS = (
    "SELECT chunk_schema, chunk_name, hypertable_name, range_start, range_end FROM timescaledb_information.chunks"
    " WHERE hypertable_schema = current_schema AND hypertable_name = ANY(%s) AND is_compressed"
    " AND _timescaledb_functions.chunk_status(format('%%I.%%I', chunk_schema, chunk_name)::regclass) & %s <> 0 ORDER BY 3, 4"
)
_KEY = (
    "SELECT attname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey)"
    " WHERE conrelid = %s::regclass AND contype = 'u' ORDER BY array_position(conkey, attnum)"
)


@dataclass(frozen=True, slots=True)
class Repaired:
    """One chunk, [from_ts, to_ts). rows: that lay beside the columns."""

    table: str
    from_ts: datetime
    to_ts: datetime
    rows: int


def repair(url: str, *, dry_run: bool = False) -> Iterator[Repaired]:
    """Merges chunk by chunk, each in a transaction of its own, and yields it when it is done; a dry run only counts. Nothing on a plain PostgreSQL.

    May be repeated and stopped at any time. Raises TransientError if the server does not answer or a chunk stays locked, UserError if the tables are
    missing, FatalError if a key is stored twice.
    """
    with _connected(url) as connection:
        if connection.execute(_FULL_EDITION).fetchone() != (True,):
            return
        for schema, chunk, table, from_ts, to_ts in connection.execute(_CHUNKS, (list(HYPERTABLES), _PARTIAL)).fetchall():
            name = Identifier(schema, chunk)
            done = Repaired(table, from_ts, to_ts, _number(connection, SQL("SELECT count(*) FROM ONLY {}").format(name)))
            if not dry_run:
                connection.execute("SELECT compress_chunk(%s::regclass)", (name.as_string(connection),))
                _check_keys(connection, name, table, from_ts)
            yield done


def _check_keys(connection: Connection, chunk: Identifier, table: str, from_ts: datetime) -> None:
    """Every key holds the time, so two of the same would be in one chunk."""
    key = SQL(", ").join(Identifier(row[0]) for row in connection.execute(_KEY, (table,)).fetchall())
    twins = _number(connection, SQL("SELECT count(*) FROM (SELECT FROM {} GROUP BY {} HAVING count(*) > 1) AS twin").format(chunk, key))
    if twins:
        raise FatalError(
            f"{table} has {twins} keys more than once from {from_ts:%Y-%m-%d} on: restore that chunk from a backup or read it again from Kafka"
        )


def _number(connection: Connection, query: Any) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="tickerplant-repair") as connection:
            connection.execute("SET client_min_messages = error")  # how well a chunk of few rows compresses is no news
            connection.execute("SET lock_timeout = '60s'")
            yield connection
    except psycopg.errors.UndefinedTable:
        raise UserError("the tables are not there or of an older version; run `tickerplant migrate`") from None
    except psycopg.OperationalError as error:
        raise TransientError(f"PostgreSQL: {said(error)}") from error
