"""`tickerplant process`: what goes wrong before a stage can start is one line and exit code 2."""

from pathlib import Path

import pytest

from tests.support import run_tickerplant


def test_without_a_stack_it_says_what_to_do(tmp_path: Path) -> None:
    result = run_tickerplant("process", "bars", "--data-dir", str(tmp_path))
    assert result.returncode == 2
    assert "tickerplant up" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("stage", ["candles", ""])
def test_an_unknown_stage_is_refused(stage: str) -> None:
    result = run_tickerplant("process", stage)
    assert result.returncode == 2
    assert "validate" in result.stderr
