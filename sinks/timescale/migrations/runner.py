"""Applies and reverts migrations. Two processes that start together are serialised by an advisory lock; the second finds nothing to do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL

from runtime.database_locks import DatabaseLock
from runtime.errors import FatalError, TransientError, UserError
from sinks.timescale.errors import said
from sinks.timescale.migrations.files import Migration, load_migrations

_TABLE = SQL(
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
)

Connection = psycopg.Connection[tuple[Any, ...]]


def apply_migrations(url: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Applies what is missing and returns its labels, [] if nothing was. Blocks while another process migrates.

    Raises FatalError if an applied step was changed or is unknown here, TransientError if the server does not answer, UserError for a URL that cannot be read.
    """
    steps = load_migrations() if migrations is None else migrations
    with _locked(url) as connection:
        missing = _missing(connection, steps)
        for step in missing:
            _apply(connection, step)
        return [step.label for step in missing]


def pending_migrations(url: str, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """What `apply_migrations` would do. Changes nothing."""
    with _connected(url) as connection:
        return _missing(connection, load_migrations() if migrations is None else migrations)


def doomed_migrations(url: str, down_to: int, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """What `revert_migrations` would revert, in its order. Changes nothing."""
    with _connected(url) as connection:
        return _doomed(connection, load_migrations() if migrations is None else migrations, down_to)


def revert_migrations(url: str, down_to: int, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Reverts applied steps above version `down_to`, newest first; their tables go with their rows. Returns their labels."""
    steps = load_migrations() if migrations is None else migrations
    with _locked(url) as connection:
        doomed = _doomed(connection, steps, down_to)
        for step in doomed:
            with connection.transaction():
                connection.execute(step.down.encode())
                connection.execute("DELETE FROM schema_migrations WHERE version = %s", (step.version,))
        return [step.label for step in doomed]


def _apply(connection: Connection, step: Migration) -> None:
    with connection.transaction():
        connection.execute(step.up.encode())
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)", (step.version, step.name, step.checksum)
        )


def _missing(connection: Connection, steps: Sequence[Migration]) -> list[Migration]:
    applied = _applied(connection)
    _check(applied, steps)
    return [step for step in steps if step.version not in applied]


def _doomed(connection: Connection, steps: Sequence[Migration], down_to: int) -> list[Migration]:
    applied = _applied(connection)
    _check(applied, steps)
    return [step for step in reversed(steps) if step.version in applied and step.version > down_to]


def _applied(connection: Connection) -> dict[int, tuple[str, str]]:
    """version to (name, checksum); empty where nothing was ever applied."""
    known = connection.execute("SELECT to_regclass('schema_migrations')").fetchone()
    if known is None or known[0] is None:
        return {}
    return {v: (name, checksum) for v, name, checksum in connection.execute("SELECT version, name, checksum FROM schema_migrations")}


def _check(applied: dict[int, tuple[str, str]], steps: Sequence[Migration]) -> None:
    here = {step.version: step for step in steps}
    for version, (name, checksum) in sorted(applied.items()):
        step = here.get(version)
        if step is None:
            raise FatalError(
                f"the database has migration {version:04}_{name}, which this version of the program does not know; use a newer one"
            )
        if step.checksum != checksum:
            raise FatalError(
                f"migration {step.label} was changed after it had been applied; restore the file and add a new migration instead"
            )


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    try:
        with _connect(url) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise TransientError(f"PostgreSQL does not answer: {said(error)}") from error


def _connect(url: str) -> Connection:
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="tickerplant-migrate")
    except psycopg.ProgrammingError as error:
        raise UserError(f"PostgreSQL cannot be asked: {said(error)}") from None


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    """The lock belongs to the session: a process that dies gives it back."""
    with _connected(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (DatabaseLock.MIGRATIONS.value,))
        connection.execute("SET client_min_messages = warning")  # "already exists, skipping" is not news
        connection.execute(_TABLE)
        yield connection
