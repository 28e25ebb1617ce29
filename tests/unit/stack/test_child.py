"""A child ends when asked, when it must, and when its parent is gone."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support import ROOT, eventually
from tickerplant.stack.child import Child, ChildSpec, end_orphans

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
POLITE = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('up', flush=True); signal.pause()"
PARENT = """
import pathlib, sys, signal
from tickerplant.stack.child import Child, ChildSpec
folder = pathlib.Path(sys.argv[1])
child = Child(ChildSpec("orphan", (sys.executable, "-c", "import signal; signal.pause()"), folder / "orphan.log"), folder / "pids")
print(child.pid, flush=True)
signal.pause()
"""
# A tracer's lock, as coverage has one, is held by another thread nearly always, so at the fork too: Python code before the exec would wait for ever.
BUSY = """
import pathlib, sys, threading
from tickerplant.stack.child import Child, ChildSpec
folder, lock, done = pathlib.Path(sys.argv[1]), threading.Lock(), threading.Event()
def hold():
    while not done.wait(0.0001):
        with lock:
            done.wait(0.002)
def trace(*_):
    with lock:
        pass
    done.wait(0.001)  # the other thread takes it
thread = threading.Thread(target=hold)
thread.start()
sys.settrace(trace)
child = Child(ChildSpec("toy", (sys.executable, "-c", "pass"), folder / "toy.log"), folder / "pids")
sys.settrace(None)
done.set()
thread.join()
while child.exit_code() is None:
    threading.Event().wait(0.05)
print(child.exit_code(), flush=True)
"""


def start(code: str, folder: Path, **more: object) -> Child:
    child = Child(ChildSpec("toy", (sys.executable, "-c", code), folder / "toy.log", **more), folder / "pids")  # type: ignore[arg-type]
    eventually(lambda: "up" in child.log_tail())
    return child


def test_a_polite_child_ends_with_its_own_code(tmp_path: Path) -> None:
    child = start(POLITE, tmp_path)
    assert child.exit_code() is None
    assert child.stop(20) == 0
    assert not list((tmp_path / "pids").iterdir())


def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    assert start(STUBBORN, tmp_path).stop(0.2) == -signal.SIGKILL


def test_environment_and_log(tmp_path: Path) -> None:
    child = start("import os; print('up', os.environ['EXTRA'])", tmp_path, environment={"EXTRA": "word"})
    assert eventually(lambda: child.exit_code() is not None)
    assert child.log_tail() == "up word"


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.communicate()
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_child_starts_beside_threads_that_hold_locks(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BUSY, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_what_cannot_be_run_says_so_in_one_line(tmp_path: Path) -> None:
    child = Child(ChildSpec("toy", (str(tmp_path / "absent"),), tmp_path / "toy.log"), tmp_path / "pids")
    assert eventually(lambda: child.exit_code()) == 127
    assert (tmp_path / "toy.log").read_text() == f"{tmp_path / 'absent'} cannot be run: No such file or directory\n"


def test_an_orphan_of_ours_is_ended(tmp_path: Path) -> None:
    child = start(POLITE, tmp_path)
    assert end_orphans(tmp_path / "pids", 20) == ["toy"]
    assert child.exit_code() == 0


def test_a_pid_that_belongs_to_another_now_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "toy.pid").write_text(json.dumps({"pid": os.getpid(), "created": 1.0}))
    (tmp_path / "broken.pid").write_text("{")
    assert end_orphans(tmp_path, 1) == []
    assert not list(tmp_path.iterdir())


def test_a_child_may_stand_behind_others(tmp_path: Path) -> None:
    child = start(POLITE, tmp_path, nice=5)
    group = Path(f"/proc/{child.pid}/autogroup")
    assert psutil.Process(child.pid).nice() == psutil.Process().nice() + 5
    if group.exists() and Path("/proc/sys/kernel/sched_autogroup_enabled").read_text().strip() == "1":
        assert group.read_text().split()[-2:] == ["nice", "5"]
    child.stop(10)
