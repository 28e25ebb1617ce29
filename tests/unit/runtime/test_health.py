"""Live is a ticking loop; ready names the part that is missing."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runtime import metrics
from runtime.clock import ManualClock
from runtime.errors import UserError
from runtime.health import Health, HealthServer, run_file
from runtime.settings import load_settings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def health(clock: ManualClock) -> Health:
    return Health("process-bars", clock)


@pytest.fixture
def url(health: Health, tmp_path: Path) -> Iterator[str]:
    server = HealthServer(health, load_settings(data_dir=tmp_path), 4711)
    yield server.start(gateway="http://there")
    server.stop()


def test_not_ready_before_any_check_passed(url: str) -> None:
    assert httpx.get(f"{url}/ready").status_code == 503


def test_ready_names_the_missing_part(health: Health, url: str) -> None:
    missing = {"kafka": ""}
    health.add_check("assignment", lambda: "")
    health.add_check("kafka", lambda: missing["kafka"])
    assert httpx.get(f"{url}/ready").status_code == 200
    missing["kafka"] = "no broker answers"
    answer = httpx.get(f"{url}/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"assignment": "ok", "kafka": "no broker answers"}


def test_live_while_the_loop_ticks(health: Health, clock: ManualClock, url: str) -> None:
    assert httpx.get(f"{url}/live").status_code == 200
    clock.advance_s(31)
    assert httpx.get(f"{url}/live").status_code == 503
    health.tick()
    assert httpx.get(f"{url}/live").status_code == 200


def test_metrics_and_nothing_else(url: str) -> None:
    metrics.COMMITS.labels("process-bars").inc()
    assert 'tickerplant_commits_total{stage="process-bars"}' in httpx.get(f"{url}/metrics").text
    assert httpx.get(f"{url}/else").status_code == 404


def test_the_run_file_tells_addresses(url: str, tmp_path: Path) -> None:
    entry = json.loads(run_file(tmp_path, "process-bars").read_text())
    assert entry == {"process": "process-bars", "pid": 4711, "health": url, "gateway": "http://there"}


def test_a_taken_port_is_a_users_mistake(health: Health, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = load_settings(data_dir=tmp_path, health={"port": taken.getsockname()[1]})
        with pytest.raises(UserError, match=r"health\.port"):
            HealthServer(health, settings, 1).start()
