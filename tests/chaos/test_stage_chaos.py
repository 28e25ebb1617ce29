"""Workers killed, paused, joining and leaving under load, and a broker that goes away: after all of it the outputs are those of a core that read each
record once."""

import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.counting_stage import OUTPUT
from tests.stage_world import StageWorld, stop, stop_all
from tests.support import eventually

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(300)]
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def world(make_line: Callable[..., Any], tmp_path: Path) -> StageWorld:
    return StageWorld(make_line(kafka={"partitions": 4}), tmp_path)


@pytest.fixture
def start(world: StageWorld) -> Iterator[Start]:
    processes: list[subprocess.Popen[bytes]] = []

    def start_one(*arguments: Any, **env: str) -> subprocess.Popen[bytes]:
        processes.append(world.start(*arguments, **env))
        return processes[-1]

    yield start_one
    stop_all(processes)


@contextmanager
def _load(world: StageWorld) -> Iterator[None]:
    """Feeds 20 records every 20 ms on a thread while the block runs."""
    over = threading.Event()

    def feed() -> None:
        while not over.wait(0.02):
            world.feed(str(number) for number in range(20))

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _await_outputs(world: StageWorld, more: int) -> None:
    """Until so many more records are written."""
    goal = sum(world.ends(OUTPUT).values()) + more
    eventually(lambda: sum(world.ends(OUTPUT).values()) >= goal, 60)


def test_a_second_worker_joins_and_leaves_under_load(world: StageWorld, start: Start) -> None:
    with _load(world):
        first = start(0)
        _await_outputs(world, 200)
        second = start(1)
        eventually(lambda: len(world.logged("partitions_restored")) >= 3, 60)  # both of them, after the second one's joining
        _await_outputs(world, 400)
        second.kill()  # its partitions come back after the session's time-out
        second.wait()
        eventually(lambda: world.logged("partitions_restored")[-1]["partitions"] == [0, 1, 2, 3], 60)
        _await_outputs(world, 200)
    world.await_committed()
    assert stop(first) == 0
    assert world.outputs() == world.expected()
    assert world.covered() == world.ends()


def test_killed_again_and_again_at_any_moment(world: StageWorld, start: Start) -> None:
    chance = random.Random(20260101)
    with _load(world):
        for _ in range(5):
            worker = start()
            _await_outputs(world, chance.randint(1, 300))
            worker.kill()
            assert worker.wait() == -signal.SIGKILL
    last = start()
    world.await_committed()
    assert stop(last) == 0
    assert world.outputs() == world.expected()


def test_a_worker_that_was_paused_past_its_session_does_no_harm(world: StageWorld, start: Start) -> None:
    """The other one has its partitions by the time it wakes up, in the middle of whatever it was doing."""
    with _load(world):
        paused = start(0)
        _await_outputs(world, 100)
        other = start(1)
        eventually(lambda: len(world.logged("partitions_restored")) >= 3, 60)
        os.kill(paused.pid, signal.SIGSTOP)
        eventually(lambda: world.logged("partitions_restored")[-1]["partitions"] == [0, 1, 2, 3], 60)
        _await_outputs(world, 200)
        restored = len(world.logged("partitions_restored"))
        os.kill(paused.pid, signal.SIGCONT)
        eventually(lambda: paused.poll() is not None or len(world.logged("partitions_restored")) > restored, 60)
        _await_outputs(world, 200)
    world.await_committed()
    assert other.poll() is None
    assert world.outputs() == world.expected()


def test_kafka_away_for_thirty_seconds(world: StageWorld, start: Start, stack: Any) -> None:
    if stack.running is None:
        pytest.skip("the broker is not ours to stop")
    worker = start()
    with _load(world):
        _await_outputs(world, 200)
        ready = world.url("/ready")
        eventually(lambda: httpx.get(ready).status_code == 200)
        broker = stack.running.children["kafka"]
        broker.stop(30)
        eventually(lambda: "no answer" in httpx.get(ready).json()["checks"]["kafka"], 30)
        gone = threading.Event()
        gone.wait(25)  # not a synchronisation: the outage that the process has to survive
        assert httpx.get(ready).status_code == 503
        assert worker.poll() is None
        stack.running.restart("kafka")
        eventually(lambda: httpx.get(ready).status_code == 200, 90)
        _await_outputs(world, 200)
    world.await_committed(90)
    assert worker.poll() is None
    assert stop(worker) == 0
    assert world.outputs() == world.expected()
