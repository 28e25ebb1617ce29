"""kill -9 of every process of ours between each pair of its commit steps: after the restart the tables are those of an undisturbed run.

All points are hit in one run a kind of process (each asserts its marker); `make chaos` repeats it with other moments (CHAOS_SEEDS).
"""

import os
import random
from typing import Any

import pytest

from tests.pipeline import CAPTURES, Pipeline, needs_recordings, running, slice_of

pytestmark = [pytest.mark.stack, pytest.mark.chaos]

STAGES = ("process-validate", "process-bars", "process-indicators", "process-signals", "process-alerts")
POINTS = {
    **dict.fromkeys(STAGES, ("outputs_produced", "outputs_delivered", "snapshot_delivered", "offsets_committed")),
    "sink-timescale": ("rows_copied", "offsets_moved", "transaction_committed"),
    "sink-redis": ("values_written", "offsets_committed"),
}
QUICK = {
    "TICKERPLANT_KAFKA__SESSION_TIMEOUT_S": "6",
    "TICKERPLANT_PROCESS__INDICATORS__ALSO": '["all"]',  # each indicator has a state of its own to get wrong
    **{f"TICKERPLANT_PROCESS__{name}__COMMIT_INTERVAL_S": "0.3" for name in ("VALIDATE", "BARS", "INDICATORS", "SIGNALS", "ALERTS")},
}
SEEDS = range(int(os.environ.get("CHAOS_SEEDS", "1")))
FEED = ("simulate", "--seed", "11", "--length", "1h", "--symbols", "BTC-USDT,ETH-USDT,SOL-USDT")


@pytest.fixture(scope="module")
def undisturbed(module_line: Any) -> dict[str, tuple[int, str]]:
    with running(module_line, QUICK) as pipeline:
        pipeline.json(*FEED, "--speed", "max", timeout_s=240)
        return pipeline.checksums()


@pytest.mark.timeout(420)
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_between_commit_steps(line: Any, undisturbed: dict[str, tuple[int, str]], seed: int) -> None:
    chance = random.Random(seed)
    moments = {(process, point): chance.randint(1, 2) for process, points in POINTS.items() for point in points}
    kill_at = ",".join(f"{process}:{point}:{times}" for (process, point), times in moments.items())
    with running(line, {**QUICK, "TICKERPLANT_FAULTS__KILL_AT": kill_at}) as pipeline:
        pipeline.json(*FEED, "--speed", "80", timeout_s=360)
        assert [key for key in moments if not pipeline.marker(*key).exists()] == []
        assert pipeline.checksums() == undisturbed
        assert pipeline.json("verify")["ok"]


@needs_recordings
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_ingestor_loses_no_trade_and_reports_lost_quotes(line: Any, tmp_path: Any, seed: int) -> None:
    chance = random.Random(seed)
    moments = {
        "frame_parsed": chance.randint(2000, 6000),
        "envelope_sent": chance.randint(50, 200),
        "envelope_delivered": chance.randint(20, 60),
    }
    kill_at = ",".join(f"ingest-binance:{point}:{times}" for point, times in moments.items())
    capture = slice_of(CAPTURES[0], tmp_path / "capture.txt", 30_000)
    with running(line, {**QUICK, "TICKERPLANT_FAULTS__KILL_AT": kill_at}) as pipeline:
        pipeline.replay(capture, speed="10", timeout_s=240)
        assert [point for point in moments if not pipeline.marker("ingest-binance", point).exists()] == []
        _every_trade(pipeline, capture.read_text())
        _lost_quotes_are_the_gaps(pipeline, capture.read_text())


def _every_trade(pipeline: Pipeline, text: str) -> None:
    sent = sorted(int(line.split('"t":')[1].split(",")[0]) for line in text.splitlines() if "@trade" in line)
    assert [int(i) for (i,) in pipeline.query("SELECT trade_id FROM market_ticks WHERE kind = 'trade' ORDER BY trade_id::bigint")] == sent


def _lost_quotes_are_the_gaps(pipeline: Pipeline, text: str) -> None:
    """Every quote of the capture is stored or inside exactly one reported gap, and no stored quote is inside one."""
    sent = {int(line.split('"u":')[1].split(",")[0]) for line in text.splitlines() if "@bookTicker" in line}
    stored = {update_id for (update_id,) in pipeline.query("SELECT update_id FROM market_ticks WHERE kind = 'quote'")}
    gaps = pipeline.query("SELECT from_id, to_id, size FROM market_gaps WHERE channel = 'quote' ORDER BY from_id")
    inside = {update_id: [g for g in gaps if g[0] < update_id < g[1]] for update_id in sent}
    assert stored == {update_id for update_id, around in inside.items() if not around}
    assert all(len(around) == 1 for update_id, around in inside.items() if update_id not in stored)
    # A kill at the very end leaves a gap up to the newest id that the exchange tells, which was never a quote.
    assert all(
        from_id in stored and (to_id in stored or to_id > max(sent)) and size == to_id - from_id - 1 for from_id, to_id, size in gaps
    )
