"""How the benchmark of the sinks judges what it sees, and what it feeds them with."""

import math
from dataclasses import replace
from decimal import Decimal

from bench.sink_feed import bar_of
from bench.sink_speed import Run
from bench.storage import Storage, way_of
from bench.storage_limits import trades
from bench.storage_text import storage_text
from schemas.timeframes import MINUTE_NS

RUN = Run(rows=1_000_000, seconds=5.0, core_s=2.5, server_core_s=3.0, peak_mb=90.0)


def test_a_way_is_the_median_of_its_runs_and_the_worst_memory() -> None:
    way = way_of("ticks", [RUN, replace(RUN, seconds=4.0, core_s=2.0), replace(RUN, core_s=5.0, peak_mb=99.0)], 250_000)
    assert (way.rows_per_s, way.rows_per_core_s, way.core_us, way.server_us, way.memory_mb) == (200_000, 400_000, 2.5, 3.0, 99.0)
    assert way.reached


def test_a_miss_is_said_of_speed_and_of_memory() -> None:
    limit, fast = way_of("limit", [RUN]), way_of("fast enough", [RUN], 400_000)
    slow, fat = way_of("slow", [RUN], 400_001), way_of("fat", [replace(RUN, peak_mb=150.0)], 1)
    lines = storage_text(Storage("PostgreSQL 18.4", [limit, fast, slow, fat], 250.5, math.nan)).splitlines()
    assert "PostgreSQL 18.4" in lines[0]
    assert [line.split()[-1] for line in lines[4:7]] == ["reached", "missed", "missed"]
    assert lines[3].split()[:4] == ["limit", "200,000", "1.0", "400,000"]
    assert lines[-2].split()[-1] == "250.5"
    assert lines[-1].split()[-1] == "-"


def test_bars_are_in_order_and_a_corrected_one_is_of_a_bar_that_was_there() -> None:
    first, later, corrected = bar_of("A", 0, False), bar_of("A", 5, False), bar_of("A", 6, True)
    assert later.ts_open_ns == first.ts_open_ns + 5 * MINUTE_NS == corrected.ts_open_ns
    assert (later.revision, corrected.revision, corrected.kind) == (0, 1, "corrected")
    assert corrected.known_at_ns > later.known_at_ns
    prices = [Decimal(price) for price in (later.low, later.open, later.close, later.high)]
    assert max(Decimal(bar_of("A", minute, False).close) for minute in range(100)) <= prices[-1]
    assert min(prices) == prices[0]


def test_trades_have_keys_of_their_own_and_come_in_the_order_of_time() -> None:
    made = [trade for batch in trades(2_500) for trade in batch]
    assert len({(trade.ts_event_ns, trade.symbol, trade.seq) for trade in made}) == 2_500
    assert [trade.ts_event_ns for trade in made] == sorted(trade.ts_event_ns for trade in made)
