"""Migrations on a real server: forward, back, repeated, together, changed."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from runtime.errors import FatalError, TransientError
from schemas.topics import Topic
from sinks.timescale.migrations import apply_migrations, load_migrations, pending_migrations, revert_migrations
from tests.sink_events import bar, envelope, record, ticks
from tests.sinks_world import SERIES, TABLES, checksums, query, timescale_store
from tests.support import ROOT, run_tickerplant

pytestmark = pytest.mark.stack
LABELS = [step.label for step in load_migrations()]


@pytest.fixture
def empty(stack: Any) -> Iterator[str]:
    """The URL of a database without anything."""
    name = f"empty_{uuid4().hex[:10]}"
    with psycopg.connect(stack.addresses.postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    yield stack.addresses.postgres.split("?")[0].rsplit("/", 1)[0] + f"/{name}"
    stack.drop_database(name)


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_up_again_down_up(empty: str) -> None:
    assert apply_migrations(empty) == LABELS
    assert apply_migrations(empty) == []
    assert {*TABLES, "kafka_offsets", "schema_migrations"} <= tables(empty)
    assert revert_migrations(empty, 0) == LABELS[::-1]
    assert tables(empty) == {"schema_migrations"}
    assert apply_migrations(empty) == LABELS


def test_one_step_back_keeps_the_rest(empty: str) -> None:
    apply_migrations(empty)
    with psycopg.connect(empty) as connection:
        connection.execute("INSERT INTO market_gaps VALUES ('g', 's', 'o', 'trade', 'silence', 'open', 0, 0, 0, 0, 0, 0, 0)")
    assert revert_migrations(empty, 6) == LABELS[:5:-1]
    assert [step.label for step in pending_migrations(empty)] == LABELS[6:]
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT count(*) FROM market_gaps").fetchone() == (1,)


def test_back_to_before_history_and_up_again_keeps_the_newest_rows(line: Any) -> None:
    """What the steps back drop with their tables is theirs alone: old versions, quality, alerts, symbols. The symbols of stored bars come back."""
    store = timescale_store(line)
    store.begin([(Topic.TICKS, 0), (Topic.BARS, 0)])
    store.take(record(Topic.TICKS, 0, envelope(ticks(1, 30))))
    for offset, version in enumerate([(0, 0), (0, 1), (1, 0)]):
        store.take(record(Topic.BARS, offset, bar(*version)))
    store.flush()
    store.close()
    url = line.addresses.postgres
    before = checksums(line)
    symbols = query(line, "SELECT * FROM market_symbols")
    assert revert_migrations(url, 8)[-1] == "0009_history"
    assert apply_migrations(url)[0] == "0009_history"
    after = checksums(line)
    assert {name for name in after if after[name] != before[name]} == {"market_ohlcv_history"}
    assert query(line, "SELECT symbol, source, first_at FROM market_symbols") == [row[:3] for row in symbols]


def test_a_changed_applied_migration_is_refused(empty: str) -> None:
    apply_migrations(empty)
    steps = load_migrations()
    changed = [replace(steps[0], up=steps[0].up + "-- another comment"), *steps[1:]]
    for action in (apply_migrations, pending_migrations, lambda url, all_steps: revert_migrations(url, 0, all_steps)):
        with pytest.raises(FatalError, match="0001_server was changed"):
            action(empty, changed)


def test_a_database_of_a_newer_version_is_refused(empty: str) -> None:
    apply_migrations(empty)
    with pytest.raises(FatalError, match="does not know"):
        apply_migrations(empty, load_migrations()[:-1])


def test_a_failing_step_leaves_nothing_of_itself(empty: str) -> None:
    steps = load_migrations()[:2]
    broken = replace(steps[1], up="CREATE TABLE half (id int); SELECT 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        apply_migrations(empty, [steps[0], broken])
    assert "half" not in tables(empty)
    assert apply_migrations(empty, steps) == [LABELS[1]]


def test_processes_that_start_together_migrate_once(empty: str) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(apply_migrations(empty))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [[], [], [], LABELS]


def test_an_absent_server_is_a_transient_error() -> None:
    with pytest.raises(TransientError, match="does not answer"):
        apply_migrations("postgresql://postgres@127.0.0.1:1/none")


def test_the_command(empty: str, line: Any) -> None:
    environment = line.env(TICKERPLANT_POSTGRES__URL=empty)
    dry = run_tickerplant("migrate", "--dry-run", env=environment)
    assert "CREATE TABLE market_ticks" in dry.stdout
    assert tables(empty) == set()
    assert json.loads(run_tickerplant("migrate", "--json", env=environment).stdout) == {"applied": LABELS}
    assert run_tickerplant("migrate", env=environment).stdout == "nothing to do\n"
    down = run_tickerplant("migrate", "--down-to", "6", "--dry-run", env=environment)
    assert "DROP TABLE kafka_offsets" in down.stdout
    assert "kafka_offsets" in tables(empty)
    assert run_tickerplant("migrate", "--down-to", "6", env=environment).stdout == "".join(f"reverted {label}\n" for label in LABELS[:5:-1])


def test_the_command_without_a_server_says_so_in_one_line(line: Any) -> None:
    done = run_tickerplant("migrate", env=line.env(TICKERPLANT_POSTGRES__URL="postgresql://postgres@127.0.0.1:1/none"))
    assert done.returncode == 2
    assert done.stderr.startswith("tickerplant: PostgreSQL does not answer")
    assert "Traceback" not in done.stderr


def test_the_reference_page_lists_every_column(empty: str) -> None:
    apply_migrations(empty)
    documented: dict[str, list[tuple[str, str]]] = {}
    table = ""
    for row in (ROOT / "docs/reference/tables.md").read_text().splitlines():
        if row.startswith("## "):
            table = row.removeprefix("## ")
        elif match := re.match(r"\| `(\w+)` \| ([a-z \[\]]+) \|", row):
            documented.setdefault(table, []).append((match[1], match[2]))
    with psycopg.connect(empty) as connection:
        found = connection.execute(
            "SELECT relname, attname, format_type(atttypid, atttypmod) FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
            " WHERE relkind = 'r' AND attnum > 0 AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migrations' ORDER BY 1, attnum"
        ).fetchall()
    actual: dict[str, list[tuple[str, str]]] = {}
    for name, column, kind in found:
        actual.setdefault(name, []).append((column, kind.replace("timestamp with time zone", "timestamptz")))
    for name in SERIES:  # their page says: the columns of the table
        assert actual.pop(f"{name}_history") == actual[name]
    assert documented == actual
