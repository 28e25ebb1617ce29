"""An own fresh stack for one benchmark run: started by the product's own commands, stopped and deleted at the end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psutil

from runtime.addresses import Addresses, resolve
from runtime.health import run_file
from runtime.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ("kafka", "postgres", "redis")


class LocalStack:
    """`tickerplant up --no-feed --detach` on a temporary data folder, inside a `with` block."""

    def __init__(self) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="tickerplant-bench-"))
        self.data_dir.chmod(0o755)  # PostgreSQL, started as root, drops to a user of its own, which must get in
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self.environment[f"{PREFIX}GATEWAY__PORT"] = "0"

    def __enter__(self) -> Self:
        try:
            self.run("up", "--no-feed", "--detach", timeout_s=180)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self.command("down", timeout_s=60)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def command(self, *words: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """One command of ours on this stack; its exit code is the caller's to judge."""
        line = [sys.executable, "-m", "tickerplant", *words, "--data-dir", str(self.data_dir)]
        return subprocess.run(line, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False)

    def run(self, *words: str, timeout_s: float) -> str:
        """Its standard output. Raises RuntimeError with the end of what it said if it fails."""
        done = self.command(*words, timeout_s=timeout_s)
        if done.returncode:
            raise RuntimeError(
                f"tickerplant {' '.join(words)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}"
            )
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command in the background, in a process group of its own; the caller ends it."""
        line = [sys.executable, "-m", "tickerplant", *words, "--data-dir", str(self.data_dir)]
        return subprocess.Popen(
            line, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    @property
    def settings(self) -> Settings:
        return load_settings(data_dir=self.data_dir)

    @property
    def addresses(self) -> Addresses:
        return resolve(self.settings)

    def pids(self) -> dict[str, int]:
        """Name to pid of every server and process that the stack runs now."""
        status = json.loads(self.command("status", "--json", timeout_s=30).stdout)  # its exit code says whether all are ready
        return {one["name"]: one["pid"] for one in status["processes"] if one["pid"]}

    def run_entry(self, process: str) -> dict[str, Any]:
        """What a running process tells of itself: its health address, the gateway's own."""
        entry = json.loads(run_file(self.data_dir, process).read_text())
        assert isinstance(entry, dict)
        return entry

    @contextmanager
    def paused(self, names: Iterable[str]) -> Iterator[None]:
        """Processes of ours held still (SIGSTOP) inside the block: the cores without them."""
        pids = self.pids()
        held = [pids[name] for name in names if name in pids]
        _signal(held, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(held, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            psutil.Process(pid).send_signal(number)
        except psutil.NoSuchProcess:
            continue
