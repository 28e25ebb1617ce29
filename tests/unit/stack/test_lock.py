"""One supervisor a folder; a killed one leaves no lock behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import UserError
from tests.support import ROOT
from tickerplant.stack.lock import Lock, holder, lock_file

HOLD = "import sys, pathlib; from tickerplant.stack.lock import Lock\nwith Lock(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def hold(data_dir: Path) -> "subprocess.Popen[str]":
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(data_dir)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_a_second_one_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path) as other:
        assert holder(tmp_path) == other.pid
        with pytest.raises(UserError, match=rf"already runs on .* \(pid {other.pid}\); stop it with `tickerplant down"), Lock(tmp_path):
            pass
        other.communicate("")
    assert holder(tmp_path) is None


def test_a_killed_holder_leaves_a_stale_file_that_is_recognised(tmp_path: Path) -> None:
    with hold(tmp_path) as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert lock_file(tmp_path).read_text() == str(other.pid)
    assert holder(tmp_path) is None
    with Lock(tmp_path) as lock:
        assert lock.was_stale


def test_an_ordinary_end_is_not_stale(tmp_path: Path) -> None:
    with Lock(tmp_path):
        pass
    with Lock(tmp_path) as lock:
        assert not lock.was_stale


def test_nobody_holds_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert holder(tmp_path / "none") is None
