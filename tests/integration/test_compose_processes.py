"""The services of docker-compose.yml without Docker: their commands and settings, each with a data folder of its own as in its container."""

import json
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.compose import OURS, compose
from tests.support import eventually, start_tickerplant

pytestmark = pytest.mark.stack

Services = dict[str, tuple[subprocess.Popen[bytes], Path]]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def is_ready(folder: Path, name: str) -> bool:
    """False while it starts: no run file yet, nobody answers, or 503."""
    try:
        health = json.loads((folder / "run" / f"{name}.json").read_text())["health"]
        with urllib.request.urlopen(f"{health}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


@pytest.fixture
def services(line: Any, tmp_path: Path) -> Iterator[Services]:
    """Everything of ours, started as composed, with the hosts' names replaced by this machine's addresses. The exchange first: it is waited for."""
    port = free_port()
    started: Services = {}
    try:
        for name in OURS:
            folder = tmp_path / name
            folder.mkdir()
            service = compose()["services"][name]
            here = {"0.0.0.0": "127.0.0.1", "9400": str(port)}
            command = [here.get(word, word) for word in service["command"]]
            composed = {key: str(value).replace("exchange:9400", f"127.0.0.1:{port}") for key, value in service["environment"].items()}
            own = {"TICKERPLANT_DATA_DIR": str(folder), "TICKERPLANT_HEALTH__HOST": "127.0.0.1", "TICKERPLANT_HEALTH__PORT": "0"}
            line_settings = {key: value for key, value in line.env().items() if key.startswith("TICKERPLANT_")}
            process = start_tickerplant(*command, env=composed | line_settings | own, log=folder / "log")
            started[name] = (process, folder)
            if name == "exchange":
                eventually(lambda: is_ready(tmp_path / "exchange", "exchange"), timeout_s=60)
        yield started
    finally:
        for process, _ in started.values():
            process.kill()
            process.wait()


def test_services_run_as_composed(line: Any, services: Services) -> None:
    for name, (process, folder) in services.items():
        eventually(lambda: process.poll() is None and is_ready(folder, name), timeout_s=90)  # noqa: B023
    with psycopg.connect(line.settings.postgres.url.get_secret_value(), autocommit=True) as connection:
        sources = eventually(lambda: connection.execute("SELECT DISTINCT source FROM trading_signals").fetchall(), timeout_s=60)
    assert sources == [("binance-simulated",)]
    with redis.Redis.from_url(line.settings.redis.url.get_secret_value()) as client:
        quote = json.loads(eventually(lambda: client.get("quote:BTC-USDT"), timeout_s=30))
    assert quote["source"] == "binance-simulated"
    for process, _ in reversed(services.values()):
        process.send_signal(signal.SIGTERM)
    assert {name: process.wait(30) for name, (process, _) in services.items()} == dict.fromkeys(OURS, 0)
