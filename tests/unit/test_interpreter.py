"""Which Python an installation takes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tickerplant import interpreter
from tickerplant.interpreter import candidates, choose, measure

OLD = None


@pytest.mark.parametrize(
    ("measured", "chosen"),
    [
        ({"first": ("3.11", 20.0), "second": ("3.11", 19.0)}, "first"),
        ({"first": ("3.11", 28.0), "second": ("3.11", 20.0)}, "second"),
        ({"first": ("3.12", 28.0), "second": ("3.11", 10.0)}, "first"),
        ({"first": OLD, "second": ("3.11", 30.0)}, "second"),
        ({"first": OLD, "second": OLD}, None),
        ({}, None),
    ],
    ids=["noise", "clearly faster", "another version", "the first is too old", "all are too old", "none"],
)
def test_the_first_is_taken_unless_one_of_its_version_is_clearly_faster(
    measured: dict[str, tuple[str, float] | None], chosen: str | None
) -> None:
    assert choose(measured, measured.__getitem__)[0] == chosen


def test_a_slow_moment_of_the_machine_decides_nothing() -> None:
    rounds = {"first": iter([29.0, 60.0, 28.0, 30.0, 29.0]), "second": iter([29.0, 55.0, 40.0, 20.0, 21.0])}
    assert choose(rounds, lambda python: ("3.11", next(rounds[python])))[0] == "second"


def test_a_choice_that_is_not_the_first_is_explained() -> None:
    why = choose(["slow", "fast"], {"slow": ("3.11", 28.0), "fast": ("3.11", 20.0)}.__getitem__)[1]
    assert why == "slow is 1.4 times slower than fast and was left out (PYTHON=slow takes it)"


def test_this_python_is_measured() -> None:
    version, taken_ms = measure(sys.executable) or ("", 0)
    assert version == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert taken_ms > 0


def test_what_is_no_python_is_left_out(tmp_path: Path) -> None:
    program = tmp_path / "python3"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    assert str(program) == candidates(str(tmp_path))[0]
    assert measure(str(program)) is None


def test_it_runs_by_itself_as_make_runs_it() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", interpreter.__file__], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_file()
