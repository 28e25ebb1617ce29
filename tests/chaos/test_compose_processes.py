"""The services of docker-compose.yml without Docker: their commands and settings, each with a data folder of its own as in its container."""

import json
import signal
import socket
import subprocess
import urllib.error
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

STARTED = tuple(name for name in OURS if "profiles" not in compose()["services"][name])  # what `docker compose up` starts
Services = dict[str, tuple[subprocess.Popen[bytes], Path]]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def missing(folder: Path, name: str) -> str:
    """ "" when it is ready, else what it says, or the end of its log while it says nothing."""
    try:
        health = json.loads((folder / "run" / f"{name}.json").read_text())["health"]
        with urllib.request.urlopen(f"{health}/ready", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        return f"{name}: {error.read().decode()}"
    except (OSError, ValueError) as error:
        return f"{name}: {error}; {(folder / 'log').read_text()[-1000:]}"


def wait_until_ready(folder: Path, name: str, process: subprocess.Popen[bytes]) -> None:
    def check() -> bool:
        assert process.poll() is None, f"{name} ended: {(folder / 'log').read_text()[-2000:]}"
        assert (what := missing(folder, name)) == "", what
        return True

    eventually(check, timeout_s=90)


@pytest.fixture
def services(line: Any, tmp_path: Path) -> Iterator[Services]:
    """Everything of ours, started as composed, with the hosts' names replaced by this machine's addresses. The exchange first: it is waited for."""
    port = free_port()
    started: Services = {}
    try:
        for name in STARTED:
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
                wait_until_ready(folder, name, process)
        yield started
    finally:
        for process, _ in started.values():
            process.kill()
            process.wait()


def test_services_run_as_composed(line: Any, services: Services) -> None:
    for name, (process, folder) in services.items():
        wait_until_ready(folder, name, process)
    with psycopg.connect(line.settings.postgres.url.get_secret_value(), autocommit=True) as connection:
        sources = eventually(lambda: connection.execute("SELECT DISTINCT source FROM trading_signals").fetchall(), timeout_s=60)
    assert sources == [("binance-simulated",)]
    with redis.Redis.from_url(line.settings.redis.url.get_secret_value()) as client:
        quote = json.loads(eventually(lambda: client.get("quote:BTC-USDT"), timeout_s=30))
    assert quote["source"] == "binance-simulated"
    for process, _ in reversed(services.values()):
        process.send_signal(signal.SIGTERM)
    assert {name: process.wait(30) for name, (process, _) in services.items()} == dict.fromkeys(STARTED, 0)
