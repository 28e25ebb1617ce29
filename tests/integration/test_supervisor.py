"""The supervisor on the session's servers, with toy processes in place of ours (tests/toy_up.py): order, crashes, locks, orphans."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support import ROOT, eventually, run_tickerplant
from tickerplant.stack.status import read_status

TOY = str(ROOT / "tests" / "toy_up.py")


class Up:
    """A running toy stack and the ways to look at it."""

    def __init__(self, line: Any, *words: str, **environment: str) -> None:
        self.data_dir: Path = line.settings.data_dir
        self.env = line.env(PYTHONPATH=str(ROOT), **environment)
        self.log = self.data_dir / "up.out"
        with self.log.open("wb") as out:
            command = [sys.executable, TOY, "up", str(self.data_dir), *words]
            self.process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)

    def status(self) -> dict[str, Any]:
        """What `tickerplant status --json` prints, without a process for each question."""
        return read_status(self.data_dir)

    def entry(self, name: str) -> dict[str, Any]:
        return next((one for one in self.status()["processes"] if one["name"] == name), {})

    def wait_ready(self) -> "Up":
        eventually(lambda: "ready:" in self.said() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said()
        return self

    def said(self) -> str:
        return self.log.read_text()


@contextmanager
def started(line: Any, *words: str, **environment: str) -> Iterator[Up]:
    up = Up(line, *words, **environment)
    try:
        yield up
    finally:
        up.process.terminate()
        up.process.wait(60)


def test_start_to_stop(line) -> None:
    with started(line) as up:
        up.wait_ready()
        answer = json.loads(run_tickerplant("status", "--json", env=up.env).stdout)
        assert answer.keys() == up.status().keys()
        assert answer["ready"]
        assert answer["feed"] == "simulated"
        assert len(answer["processes"]) == 10
        assert all(one["health"].startswith("http://127.0.0.1:") for one in answer["processes"])
        assert answer["addresses"]["kafka"] == line.addresses.kafka
        text = run_tickerplant("status", env=up.env)
        assert text.returncode == 0
        assert line.addresses.redis.split(":")[2].split("@")[0] not in text.stdout
        second = subprocess.run([sys.executable, TOY, "up", str(up.data_dir)], env=up.env, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert f"already runs on {up.data_dir} (pid {up.process.pid})" in second.stderr
        assert run_tickerplant("down", env=up.env).returncode == 0
        assert up.process.wait(30) == 0
    order = (up.data_dir / "stopped").read_text().split()
    assert order[:2] == ["exchange", "ingest-binance"]
    assert all(name.startswith("process-") for name in order[2:7])
    assert set(order[7:]) == {"sink-timescale", "sink-redis", "gateway"}
    assert run_tickerplant("status", env=up.env).returncode == 1
    assert run_tickerplant("down", env=up.env).stdout.startswith("no stack runs")


def test_a_killed_process_comes_back_and_is_shown_as_restarted(line) -> None:
    with started(line) as up:
        before = up.wait_ready().entry("process-bars")
        os.kill(before["pid"], signal.SIGKILL)
        after = eventually(lambda: (e := up.entry("process-bars"))["restarts"] == 1 and e["state"] == "ready" and e, 30)
        assert after["pid"] != before["pid"]
        assert after["last_exit"] == -9
        assert "process-bars crashed (SIGKILL)" in up.said()


def test_a_process_that_is_not_ready_is_named(line) -> None:
    with started(line) as up:
        up.wait_ready()
        (up.data_dir / "sink-redis.unready").touch()
        entry = eventually(lambda: (e := up.entry("sink-redis"))["state"] == "not ready" and e)
        assert entry["missing"] == "toy: told not to be"
        (up.data_dir / "sink-redis.unready").unlink()
        eventually(lambda: up.status()["ready"])


def test_a_killed_supervisor_leaves_nothing_running_and_no_lock(line) -> None:
    with started(line) as up:
        pids = [one["pid"] for one in up.wait_ready().status()["processes"]]
        up.process.kill()
        up.process.wait()
        eventually(lambda: not any(map(runs, pids)))
        assert up.status()["running"] is False
    with started(line) as again:
        again.wait_ready()
        assert "an earlier run on this folder was killed" in again.said()


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def refuse(folder: Path) -> None:
    (folder / "process-signals.refuse").touch()


def never_ready(folder: Path) -> None:
    (folder / "gateway.unready").touch()


@pytest.mark.parametrize(
    ("fault", "timeout_s", "words"),
    [
        (refuse, 60, "process-signals: process-signals was told to refuse"),
        (never_ready, 8, "gateway is not ready after 8 s (toy: told not to be)"),
    ],
)
def test_a_start_that_cannot_succeed_ends_with_one_line(line, fault: Callable[[Path], None], timeout_s: int, words: str) -> None:
    fault(line.settings.data_dir)
    with started(line, TICKERPLANT_STACK__START_TIMEOUT_S=str(timeout_s)) as up:
        assert up.process.wait(60) == 2
    assert f"tickerplant: {words}" in up.said().splitlines()[-1]
    assert "Traceback" not in up.said()


def test_it_ends_by_itself(line) -> None:
    with started(line, "1") as up:
        assert up.process.wait(60) == 0
    assert up.said().splitlines()[-1] == "stopped"
