"""Helpers that several test files share: waiting for what happens elsewhere, and running our own command."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
# What the tests themselves may be told; read before conftest.py takes every variable of ours out of the environment.
TEST_OPTIONS = {name: value for name, value in os.environ.items() if name.startswith("TICKERPLANT_TEST_")}

# For the environment of a process that need not be traced for coverage, which costs as much as its start.
UNTRACED = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}


def eventually(check: Callable[[], T], timeout_s: float = 30.0, interval_s: float = 0.05) -> T:
    """The first truthy answer of `check`, asked again until the deadline; an AssertionError inside `check` counts as not yet.

    Fails with the last answer or the last assertion's words.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        last: object
        try:
            answer = check()
            if answer:
                return answer
            last = answer
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {timeout_s} s; last: {last!r}")
        time.sleep(interval_s)


async def eventually_async(check: Callable[[], Awaitable[T] | T], timeout_s: float = 30.0, interval_s: float = 0.02) -> T:
    """The same inside an event loop; `check` may be a coroutine function."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        last: object
        try:
            answer = check()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return answer  # type: ignore[return-value]
            last = answer
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {timeout_s} s; last: {last!r}")
        await asyncio.sleep(interval_s)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment without settings of ours, plus `extra`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TICKERPLANT_")} | dict(extra or {})


def as_environment(sections: Mapping[str, object]) -> dict[str, str]:
    """Settings as a process takes them: {"providers": {"kraken": {...}}} and the like."""
    return {f"TICKERPLANT_{name.upper()}": json.dumps(section) for name, section in sections.items()}


def tickerplant_command(*arguments: str) -> list[str]:
    """The command line of `tickerplant ...` with this interpreter."""
    return [sys.executable, "-m", "tickerplant", *arguments]


def run_tickerplant(
    *arguments: str, env: Mapping[str, str] | None = None, timeout_s: float = 120.0, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Runs `tickerplant ...` to its end and returns exit code, stdout and stderr."""
    return subprocess.run(
        tickerplant_command(*arguments), env=clean_environment(env), capture_output=True, text=True, timeout=timeout_s, check=False, cwd=cwd
    )


def start_tickerplant(*arguments: str, env: Mapping[str, str] | None = None, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Starts `tickerplant ...` in the background, its output in `log`; the caller ends it by its own handle."""
    output = log.open("ab") if log else subprocess.DEVNULL
    try:
        return subprocess.Popen(
            tickerplant_command(*arguments), env=clean_environment(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT
        )
    finally:
        if log:
            output.close()  # type: ignore[union-attr]
