"""A whole day is read again into tables that hold it already, on TimescaleDB into columns: nothing changes, row for row.

DAY_TICKS (20,000) spread over 24 h, with their bars; `make chaos` takes 1,000,000. STACK=DIR runs it on a stack whose PostgreSQL has TimescaleDB.
"""

import os
from typing import Any

import pytest

from sinks.timescale.keeping import HYPERTABLES
from tests.sink_load import SinkLoad, read_records, stored
from tests.sink_processes import Feed, metrics_of, sink_process
from tests.sinks_world import checksums, count, execute, query
from tests.support import eventually

TICKS = int(os.environ.get("DAY_TICKS", "20000"))
BARS = 1_440
_BAR_RECORDS = 3 * (BARS + BARS // 3)  # every third bar is corrected; each with indicators and a signal
pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(300 + TICKS // 1_000)]


def read_all(line: Any, records: int) -> None:
    with sink_process(line, "timescale"):
        eventually(lambda: read_records(line) == records, 120 + TICKS / 2_000, interval_s=0.2)
        text = metrics_of(line, "sink-timescale")
    assert 'tickerplant_dead_letters_total{reason="' not in text


def columns(line: Any) -> int:
    """Makes columns of all chunks where the server can; returns how many chunks are."""
    if not query(line, "SELECT FROM pg_extension WHERE extname = 'timescaledb'"):
        return 0
    for table in HYPERTABLES:
        execute(line, f"SELECT compress_chunk(chunk) FROM show_chunks('{table}') AS chunk")
    return len(query(line, "SELECT FROM timescaledb_information.chunks WHERE is_compressed"))


def test_a_day_read_again_changes_nothing(line: Any) -> None:
    load, bars = SinkLoad(line, TICKS), Feed(line)
    load.send(TICKS)
    bars.send_series(BARS)
    bars.flush()
    read_all(line, load.records + _BAR_RECORDS)
    assert stored(line) == load.content
    assert count(line, "market_ohlcv") == BARS
    before = checksums(line)
    compressed = columns(line)
    assert checksums(line) == before
    execute(line, "TRUNCATE kafka_offsets")
    read_all(line, load.records + _BAR_RECORDS)
    assert checksums(line) == before
    if compressed:
        assert query(line, "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed") == [(compressed,)]
