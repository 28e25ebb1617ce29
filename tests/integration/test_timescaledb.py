"""What only TimescaleDB does: chunks that became columns take replays, late rows and corrections; policies; and the way back."""

from typing import Any

import psycopg
import pytest

from runtime.settings import StorageSettings
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from sinks.timescale.keeping import HYPERTABLES
from sinks.timescale.migrations import apply_migrations, revert_migrations
from sinks.timescale.policies import apply_policies
from sinks.timescale.repair import repair
from sinks.timescale.retention import retain
from tests.sink_events import T0_NS, bar, envelope, indicators, record, signal, ticks, trade
from tests.sinks_world import checksums, count, execute, query, timescale_store
from tests.support import run_tickerplant

pytestmark = pytest.mark.stack
TOPICS = (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS)


@pytest.fixture(autouse=True)
def _extension(stack: Any) -> None:
    with psycopg.connect(stack.addresses.postgres) as connection:
        if connection.execute("SELECT FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone() is None:
            pytest.skip("this PostgreSQL has no TimescaleDB")


def fill(line: Any, batches: int = 1) -> None:
    """The same records again under new offsets each time; 5,000 ticks, 40 minutes of bars of which every third is corrected."""
    store = timescale_store(line)
    starts = store.begin([(topic, 0) for topic in TOPICS])
    series = [(minute, revision) for minute in range(40) for revision in range(1 + (minute % 3 == 0))]
    events = {
        Topic.TICKS: [envelope(ticks(first, first + 499)) for first in range(1, 5001, 500)],
        Topic.BARS: [bar(*one) for one in series],
        Topic.INDICATORS: [indicators(*one) for one in series],
        Topic.SIGNALS: [signal(*one) for one in series],
    }
    for topic in TOPICS:
        for offset, event in enumerate(events[topic]):
            store.take(record(topic, starts[(topic, 0)] + offset, event, headers={}))
    store.flush()
    store.close()


def compress(line: Any) -> int:
    """Makes columns of all chunks; returns how many chunks are columns."""
    for table in HYPERTABLES:
        execute(line, f"SELECT compress_chunk(chunk) FROM show_chunks('{table}') AS chunk")
    return len(query(line, "SELECT FROM timescaledb_information.chunks WHERE is_compressed"))


def test_a_replay_into_columns_changes_nothing(line: Any) -> None:
    fill(line)
    before = checksums(line)
    assert compress(line) >= 7
    assert checksums(line) == before
    execute(line, "TRUNCATE kafka_offsets")
    fill(line)
    assert checksums(line) == before


def test_late_ticks_and_corrections_reach_columns(line: Any) -> None:
    fill(line)
    compress(line)
    store = timescale_store(line)
    starts = store.begin([(Topic.TICKS, 0), (Topic.BARS, 0)])
    store.take(record(Topic.TICKS, starts[(Topic.TICKS, 0)], envelope([trade(5000), trade(6000)]), headers={}))
    store.take(record(Topic.BARS, starts[(Topic.BARS, 0)], bar(1, 1), headers={}))
    store.flush()
    store.close()
    assert count(line) == 5001
    assert query(line, f"SELECT revision FROM market_ohlcv WHERE ts_open_ns = {bar(1).ts_open_ns}") == [(1,)]
    assert query(line, f"SELECT revision FROM market_ohlcv_history WHERE ts_open_ns = {bar(1).ts_open_ns}") == [(0,)]


def test_repair_makes_late_rows_part_of_the_columns_and_changes_no_row(line: Any) -> None:
    fill(line)
    chunks = compress(line)
    store = timescale_store(line)
    starts = store.begin([(Topic.TICKS, 0), (Topic.BARS, 0)])
    store.take(record(Topic.TICKS, starts[(Topic.TICKS, 0)], envelope([trade(seq) for seq in range(6000, 6100)]), headers={}))
    store.take(record(Topic.BARS, starts[(Topic.BARS, 0)], bar(1, 1), headers={}))
    store.flush()
    store.close()
    before, url = checksums(line), line.addresses.postgres
    waiting = [(one.table, one.rows) for one in repair(url, dry_run=True)]
    assert ("market_ticks", 100) in waiting
    assert {table for table, _ in waiting} == {"market_ticks", "market_ohlcv", "market_ohlcv_history"}
    said = run_tickerplant("repair", env=line.env()).stdout
    assert "market_ticks: 100 rows merged into 2024-08-08 to 2024-08-09" in said
    assert list(repair(url)) == []
    assert run_tickerplant("repair", env=line.env()).stdout == "nothing to do\n"
    assert checksums(line) == before
    assert len(query(line, "SELECT FROM timescaledb_information.chunks WHERE is_compressed")) == chunks


def test_retention_of_columns(line: Any) -> None:
    fill(line)
    compress(line)
    storage = StorageSettings(major_symbols=())
    dropped = {one.table: one.rows for one in retain(line.addresses.postgres, storage, T0_NS + 1100 * DAY_NS) if one.rows}
    assert dropped["market_ticks"] == 5000
    assert dropped["market_ohlcv"] == 40
    assert dropped["market_ohlcv_history"] == 14
    assert [count(line, table) for table in ("market_ticks", "market_ohlcv", "market_ohlcv_history")] == [0, 0, 0]
    assert query(line, "SELECT FROM show_chunks('market_ticks')") == []


def policies(line: Any) -> dict[tuple[str, str], Any]:
    found = query(
        line,
        "SELECT hypertable_name, coalesce('columns ' || (config ->> 'compress_after'), 'drop ' || (config ->> 'drop_after')), job_id"
        " FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL",
    )
    return {(table, what): job for table, what, job in found}


def test_policies_follow_the_settings(line: Any) -> None:
    url = line.addresses.postgres
    apply_policies(url, StorageSettings())
    first = policies(line)
    assert set(first) == {(table, "columns 7 days") for table in HYPERTABLES}
    apply_policies(url, StorageSettings())
    assert policies(line) == first
    apply_policies(url, StorageSettings(retention=True, columnstore_after_days=30))
    assert {("market_ticks", "drop 365 days"), ("market_ohlcv", "drop 3653 days"), ("market_ticks", "columns 30 days")} <= set(
        policies(line)
    )
    apply_policies(url, StorageSettings(retention=True, ticks_days=0, columnstore_after_days=0))
    assert "market_ticks" not in {table for table, _ in policies(line)}


def test_the_way_back_makes_rows_of_columns_and_keeps_them(line: Any) -> None:
    fill(line)
    before = checksums(line)
    compress(line)
    url = line.addresses.postgres
    # Jobs run at once: nothing of a recording some years old may be past its time.
    ages = ("major_ticks_days", "ticks_days", "minute_bars_days", "intraday_bars_days", "daily_bars_days", "quality_days")
    apply_policies(url, StorageSettings(retention=True, **dict.fromkeys(ages, 36_500)))
    assert revert_migrations(url, 11)[-1] == "0012_columnstore"
    assert checksums(line) == before
    assert policies(line) == {}
    assert apply_migrations(url)[0] == "0012_columnstore"
    assert checksums(line) == before
