"""`tickerplant import` killed at random moments: every row once, and the bars as if nothing had happened. A run of `make chaos` only."""

import os
import random
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import Pipeline, running

ROWS = int(os.environ.get("IMPORT_ROWS", "100000"))
KILLS = int(os.environ.get("IMPORT_KILLS", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
START_MS = 1_723_161_600_000

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(1_800)]


@pytest.fixture(scope="module")
def pipeline(module_line: Any) -> Iterator[Pipeline]:
    with running(module_line) as started:
        yield started


def rows(generator: random.Random) -> Iterator[tuple[int, str, Decimal, Decimal]]:
    """Without ids, many at the same moment: those that are made must be the same each time."""
    at_ms = START_MS
    for _ in range(ROWS):
        at_ms += generator.choice((0, 0, 1, 7, 40))
        symbol = generator.choice(("BTC-USDT", "ETH-USDT", "SOL-USDT"))
        yield at_ms, symbol, Decimal(generator.randint(1, 10**7)) / 100, Decimal(generator.randint(1, 10**6)) / 10**5


@pytest.mark.skipif(not KILLS, reason="set IMPORT_KILLS, as `make chaos` does")
def test_every_row_once(pipeline: Pipeline, tmp_path: Path) -> None:
    generator = random.Random(SEED)
    table = list(rows(generator))
    path = tmp_path / "rows.csv"
    path.write_text("time,symbol,price,size\n" + "".join(f"{at_ms},{symbol},{price},{size}\n" for at_ms, symbol, price, size in table))
    for _ in range(KILLS):
        process = pipeline.start("import", str(path), "--json")
        try:
            process.communicate(timeout=generator.uniform(1.0, 9.0))
            break  # it was quicker
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    pipeline.json("import", str(path), timeout_s=900)
    [(stored, ids, volume, amount)] = pipeline.query(
        "SELECT count(*), count(DISTINCT (symbol, trade_id)), sum(volume), sum(price * volume) FROM market_ticks WHERE source = 'file'"
    )
    assert (stored, ids) == (ROWS, ROWS)
    assert (volume, amount) == (sum(size for *_, size in table), sum(price * size for *_, price, size in table))
    minutes: dict[tuple[str, int], Decimal] = {}
    for at_ms, symbol, _, size in table:
        minutes[symbol, at_ms // 60_000] = minutes.get((symbol, at_ms // 60_000), Decimal(0)) + size
    bars = pipeline.query("SELECT symbol, ts_open_ns, volume, revision FROM market_ohlcv WHERE source = 'file' AND timeframe = '1m'")
    assert {(symbol, opens_ns // 60_000_000_000): total for symbol, opens_ns, total, _ in bars} == minutes
    assert {revision for *_, revision in bars} == {0}
    pipeline.run("verify", "--source", "file", timeout_s=600)
