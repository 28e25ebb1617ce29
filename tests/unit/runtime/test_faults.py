"""A kill point kills at the chosen pass, leaves its marker, and lets the restarted process go on."""

import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from runtime.faults import KillPoints
points = KillPoints("process-bars", sys.argv[1], Path(sys.argv[2]))
for _ in range(5):
    print("before", flush=True)
    points.reach("outputs_delivered")
"""


def run(kill_at: str, folder: Path) -> tuple[int, int]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, kill_at, str(folder)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.count("before")


def test_killed_at_the_third_pass_and_not_again(tmp_path: Path) -> None:
    assert run("process-bars:outputs_delivered:3", tmp_path) == (-signal.SIGKILL, 3)
    assert (tmp_path / "killed.process-bars.outputs_delivered").exists()
    assert run("process-bars:outputs_delivered:3", tmp_path) == (0, 5)


def test_off_by_default_and_for_other_processes(tmp_path: Path) -> None:
    assert run("", tmp_path) == (0, 5)
    assert run("process-validate:outputs_delivered:1", tmp_path) == (0, 5)
