"""Drops what is older than its retention, on any server: `tickerplant retention`. Whole chunks where TimescaleDB has them, else rows, a span of time a
transaction, so that locks are short and what was done stays done if it is stopped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from runtime.errors import TransientError, UserError
from runtime.settings import StorageSettings
from sinks.timescale.errors import said
from sinks.timescale.keeping import HYPERTABLES, Rule, longest_days, rules_of
from sinks.timescale.session import Connection

_MISSING = "the tables are not there or of an older version; run `tickerplant migrate`"
_CHUNKS_END = "SELECT max(range_end) FROM timescaledb_information.chunks WHERE hypertable_schema = current_schema AND hypertable_name = %s AND range_end <= %s"


@dataclass(frozen=True, slots=True)
class Dropped:
    """rows: that were, or in a dry run would be, deleted from the table under one rule; what: which rows, in words."""

    table: str
    what: str
    days: int
    before: datetime
    rows: int


def retain(url: str, storage: StorageSettings, now_ns: int, *, dry_run: bool = False) -> list[Dropped]:
    """Applies every rule that does not keep for ever; returns one entry each. Blocks; may be repeated and stopped at any time.

    Raises TransientError if the server does not answer, UserError if the tables are missing.
    """
    rules = rules_of(storage)
    now = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC)
    with _connected(url) as connection:
        dropped = [_apply(connection, rule, now - timedelta(days=rule.days), dry_run) for rule in rules if rule.days]
        if not dry_run and connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is not None:
            _drop_chunks(connection, rules, now)
    return dropped


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="tickerplant-retention") as connection:
            connection.execute("SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0")
            yield connection
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        raise UserError(_MISSING) from None
    except psycopg.OperationalError as error:
        raise TransientError(f"PostgreSQL does not answer: {said(error)}") from error


# Tables and conditions are constants of this package; values travel as parameters.


def _apply(connection: Connection, rule: Rule, before: datetime, dry_run: bool) -> Dropped:
    rows = _count(connection, rule, before) if dry_run else _delete(connection, rule, before)
    return Dropped(rule.table, rule.what, rule.days, before, rows)


def _count(connection: Connection, rule: Rule, before: datetime) -> int:
    statement = f'SELECT count(*) FROM {rule.table} WHERE {rule.condition} AND "timestamp" < %s'  # noqa: S608
    found = connection.execute(statement.encode(), (*_values(rule), before)).fetchone()
    return int(found[0]) if found else 0


def _delete(connection: Connection, rule: Rule, before: datetime) -> int:
    """From the oldest row on, a step at a time; spans without rows are skipped."""
    oldest = f'SELECT min("timestamp") FROM {rule.table} WHERE {rule.condition} AND "timestamp" < %s'  # noqa: S608
    delete = f'DELETE FROM {rule.table} WHERE {rule.condition} AND "timestamp" >= %s AND "timestamp" < %s'  # noqa: S608
    rows = 0
    while True:
        found = connection.execute(oldest.encode(), (*_values(rule), before)).fetchone()
        if found is None or found[0] is None:
            return rows
        end = min(before, found[0] + timedelta(hours=rule.step_hours))
        rows += connection.execute(delete.encode(), (*_values(rule), found[0], end)).rowcount


def _values(rule: Rule) -> tuple[list[str], ...]:
    return (list(rule.values),) if "%s" in rule.condition else ()


def _drop_chunks(connection: Connection, rules: list[Rule], now: datetime) -> None:
    """Chunks that the rules have emptied: their files go."""
    for table in HYPERTABLES:
        days = longest_days(rules, table)
        end = connection.execute(_CHUNKS_END, (table, now - timedelta(days=days))).fetchone() if days else None
        if end and end[0]:
            connection.execute("SELECT drop_chunks(%s::regclass, older_than => %s)", (table, end[0]))
