"""The servers of `tickerplant up`: a killed one comes back where it was, data and ports outlive a restart, only loopback listens, passwords hold."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis
from confluent_kafka.admin import AdminClient

from runtime.addresses import Addresses
from tests.support import ROOT, clean_environment, eventually
from tickerplant.stack.status import masked, read_status


class OwnStack:
    """A toy stack (tests/toy_up.py) with servers of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.log = data_dir / "up.out"
        more = {"TICKERPLANT_STACK__START_TIMEOUT_S": "180", "TICKERPLANT_STACK__KAFKA_QUICK_COMPILER": "true"}
        self.env = clean_environment({"PYTHONPATH": str(ROOT), **more})

    def start(self) -> Addresses:
        with self.log.open("wb") as out:
            command = [sys.executable, str(ROOT / "tests" / "toy_up.py"), "up", str(self.data_dir)]
            self.process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        eventually(lambda: "ready:" in self.log.read_text() or self.process.poll() is not None, 180)
        assert self.process.poll() is None, self.log.read_text()
        return Addresses(**self.status()["addresses"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def status(self) -> dict[str, Any]:
        return read_status(self.data_dir)

    def entry(self, name: str) -> dict[str, Any]:
        return next(one for one in self.status()["processes"] if one["name"] == name)


@pytest.fixture(scope="module")
def own() -> Iterator[OwnStack]:
    data_dir = Path(tempfile.mkdtemp(prefix="tickerplant-own-"))
    made = OwnStack(data_dir)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(data_dir, ignore_errors=True)


def test_only_loopback_listens(own: OwnStack) -> None:
    for entry in own.status()["processes"]:
        listening = [one for one in psutil.Process(entry["pid"]).net_connections("inet") if one.status == psutil.CONN_LISTEN]
        assert listening, entry["name"]
        assert {one.laddr.ip.removeprefix("::ffff:") for one in listening} == {"127.0.0.1"}, entry["name"]


def test_passwords_are_asked_for(own: OwnStack) -> None:
    addresses = Addresses(**own.status()["addresses"])
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(addresses.postgres.replace(psycopg.conninfo.conninfo_to_dict(addresses.postgres)["password"], "wrong"))
    with pytest.raises(redis.AuthenticationError), redis.Redis.from_url("redis://" + addresses.redis.split("@")[1]) as client:
        client.ping()


def test_secrets_are_readable_by_the_owner_only(own: OwnStack) -> None:
    for name in ("passwords.json", "run/stack.json", "redis/redis.conf"):
        assert (own.data_dir / name).stat().st_mode & 0o077 == 0, name


@pytest.mark.parametrize("name", ["kafka", "postgres", "redis"])
def test_a_killed_server_comes_back_at_the_same_address(own: OwnStack, name: str) -> None:
    before = own.status()["addresses"]
    restarts = own.entry(name)["restarts"]
    os.kill(own.entry(name)["pid"], signal.SIGKILL)
    eventually(lambda: (e := own.entry(name))["restarts"] > restarts and e["state"] == "ready", 90)
    assert own.status()["addresses"] == before


def test_data_and_addresses_outlive_a_restart(own: OwnStack) -> None:
    addresses = Addresses(**own.status()["addresses"])
    with psycopg.connect(addresses.postgres) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    with redis.Redis.from_url(addresses.redis) as client:
        client.set("kept", "value")
    own.stop()
    assert own.process.returncode == 0
    assert own.start() == addresses
    with psycopg.connect(addresses.postgres) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == ("kept",)
    with redis.Redis.from_url(addresses.redis) as client:
        assert client.get("kept") == b"value"
    assert "market.ticks.raw" in AdminClient({"bootstrap.servers": addresses.kafka}).list_topics(timeout=20).topics


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@h:1/0", "redis://:***@h:1/0"),
        ("postgresql://me:s%40x@h/db?sslmode=require", "postgresql://me:***@h/db?sslmode=require"),
        ("127.0.0.1:9092", "127.0.0.1:9092"),
    ],
)
def test_passwords_are_masked_in_text(url: str, shown: str) -> None:
    assert masked(url) == shown
