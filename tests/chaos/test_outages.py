"""Kafka, PostgreSQL and Redis stopped during a replay and started again: nothing lost, nothing twice, no process gone for good,
and /ready says which part was missing. OUTAGE_S (default 30) is how long each is away."""

import json
import os
import threading
from typing import Any

import httpx
import pytest

from tests.pipeline import CAPTURES, Pipeline, needs_recordings, running, slice_of
from tests.support import eventually

pytestmark = [pytest.mark.stack, pytest.mark.chaos, needs_recordings]

OUTAGE_S = float(os.environ.get("OUTAGE_S", "30"))
NEEDS = {
    "kafka": (
        "process-validate",
        "process-bars",
        "process-indicators",
        "process-signals",
        "process-alerts",
        "sink-timescale",
        "sink-redis",
        "gateway",
        "ingest-binance",
    ),
    "postgres": ("sink-timescale",),
    "redis": ("sink-redis",),
}


@pytest.fixture
def expected(line: Any, tmp_path: Any) -> Any:
    """What an undisturbed replay of the same frames writes."""
    capture = slice_of(CAPTURES[0], tmp_path / "capture.txt", 24_000)
    with running(line) as pipeline:
        pipeline.replay(capture)
        return capture, pipeline.checksums()


@pytest.mark.timeout(420)
@pytest.mark.parametrize("part", NEEDS)
def test_a_part_goes_away_and_comes_back(stack: Any, make_line: Any, expected: Any, part: str) -> None:
    if stack.running is None:
        pytest.skip("the servers are not ours to stop (STACK is set)")
    capture, undisturbed = expected
    with running(make_line()) as pipeline:
        replaying = pipeline.start("replay", str(capture), "--speed", "12", "--json")
        eventually(lambda: pipeline.query("SELECT 1 FROM market_ticks LIMIT 1"), timeout_s=60)
        _take_away(stack, pipeline, part)
        out, errors = replaying.communicate(timeout=240)
        assert replaying.returncode == 0, errors[-3000:]
        assert json.loads(out)
        assert pipeline.checksums() == undisturbed
        lasting = [name for name in NEEDS[part] if name != "ingest-binance"]  # which leaves with its replay
        eventually(lambda: all(_ready(pipeline, name)[0] for name in lasting), timeout_s=60)


def _take_away(stack: Any, pipeline: Pipeline, part: str) -> None:
    """Stops the part for OUTAGE_S; each process that needs it must say so meanwhile."""
    stack.running.children[part].stop(20)
    over = threading.Event()
    threading.Timer(OUTAGE_S, over.set).start()
    try:
        for name in NEEDS[part]:
            eventually(lambda name=name: part in _ready(pipeline, name)[1], timeout_s=OUTAGE_S - 5)  # type: ignore[misc]
        assert over.wait(OUTAGE_S)
    finally:
        stack.running.restart(part)


def _ready(pipeline: Pipeline, process: str) -> tuple[bool, str]:
    """Whether it is ready, and the names of the checks that fail."""
    try:
        url = json.loads((pipeline.data_dir / "run" / f"{process}.json").read_text())["health"]
        answer = httpx.get(f"{url}/ready", timeout=5)
    except (httpx.HTTPError, FileNotFoundError) as error:
        return False, f"unreachable: {error!r}"
    failing = {name: text for name, text in answer.json()["checks"].items() if text != "ok"}
    return answer.status_code == 200, " ".join(failing)
