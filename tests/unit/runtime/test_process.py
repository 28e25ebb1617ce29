"""How a process ends: 0, or 70 with one line in the log; a user's mistake passes."""

import subprocess
import sys

import pytest

from runtime.errors import EXIT_FATAL, UserError
from runtime.process import run_process

PROGRAM = """
import sys
from runtime.errors import FatalError, TransientError
from runtime.logs import configure
from runtime.process import run_process
from runtime.settings import LogSettings

def body():
    configure(LogSettings(), "test")
    raise {error}

sys.exit(run_process(body))
"""


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("FatalError('the log is another one')", "the log is another one"),
        ("TransientError('still away')", "still away"),
        ("KeyError('a bug')", "Traceback"),
    ],
)
def test_a_loud_stop_is_one_line_and_70(error: str, says: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(error=error)], capture_output=True, text=True, check=False)
    assert done.returncode == EXIT_FATAL == 70
    [line] = done.stderr.splitlines()
    assert '"event": "stopped_loudly"' in line
    assert says in line
    assert ("Traceback" in line) is (says == "Traceback")


def test_an_end_in_order() -> None:
    assert run_process(lambda: None) == 0


def test_a_users_mistake_passes() -> None:
    def body() -> None:
        raise UserError("no address")

    with pytest.raises(UserError):
        run_process(body)
