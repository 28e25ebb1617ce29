"""TimescaleDB's own jobs, as the settings have them: chunks become columns after some time, and are dropped where retention is on.

A policy that says the same already is left alone, so that a restart does not start its job anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from runtime.database_locks import DatabaseLock
from runtime.errors import TransientError
from runtime.settings import StorageSettings
from sinks.timescale.errors import is_away, said
from sinks.timescale.keeping import HYPERTABLES, longest_days, rules_of
from sinks.timescale.migrations import apply_migrations
from sinks.timescale.session import Connection
from sinks.timescale.symbols import AssetClasses, class_symbols

_POLICIES = {"policy_compression": ("compression", "compress_after"), "policy_retention": ("retention", "drop_after")}
_FULL_EDITION = (
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AND current_setting('timescaledb.license', true) = 'timescale'"
)
_JOB = "SELECT config ->> %s FROM timescaledb_information.jobs WHERE hypertable_schema = current_schema AND hypertable_name = %s AND proc_name = %s"


def prepare_database(url: str, storage: StorageSettings, asset_classes: AssetClasses | None = None) -> list[str]:
    """What a sink does before its first use of a database: migrations, policies, classes of known symbols. Returns the labels of applied migrations. Raises as those."""
    applied = apply_migrations(url)
    apply_policies(url, storage)
    with _locked(url) as connection:
        class_symbols(connection, asset_classes or {})
    return applied


def apply_policies(url: str, storage: StorageSettings) -> None:
    """Sets the jobs of every hypertable; nothing on a server without TimescaleDB. Raises TransientError if the server does not answer."""
    with _locked(url) as connection:
        if connection.execute(_FULL_EDITION).fetchone() == (True,):
            _apply(connection, storage)


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    """One transaction, one process at a time."""
    try:
        with psycopg.connect(url, connect_timeout=5, application_name="tickerplant-policies") as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (DatabaseLock.POLICIES.value,))
            yield connection
    except psycopg.Error as error:
        if not is_away(error):
            raise
        raise TransientError(f"PostgreSQL does not answer: {said(error)}") from error


def _apply(connection: Connection, storage: StorageSettings) -> None:
    rules = rules_of(storage)
    for table in HYPERTABLES:
        _set(connection, table, "policy_compression", storage.columnstore_after_days)
        _set(connection, table, "policy_retention", longest_days(rules, table) if storage.retention else 0)


def _set(connection: Connection, table: str, procedure: str, days: int) -> None:
    """days: 0 for no such job."""
    kind, argument = _POLICIES[procedure]
    found = connection.execute(_JOB, (argument, table, procedure)).fetchone()
    wanted = (f"{days} days",) if days else None
    if found == wanted:
        return
    # The names are constants of this module.
    if found:
        connection.execute(f"SELECT remove_{kind}_policy(%s)".encode(), (table,))
    if wanted:
        connection.execute(f"SELECT add_{kind}_policy(%s, {argument} => %s::interval)".encode(), (table, wanted[0]))
