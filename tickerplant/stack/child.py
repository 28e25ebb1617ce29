"""One child process of a local stack: started in a session of its own, with its output in a log file and its pid in a file; ended in two steps.

A child never outlives its parent: the kernel signals it when the parent dies (Linux); elsewhere the pid file lets the next start end it.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from runtime.clock import Clock, SystemClock
from runtime.errors import UserError
from tickerplant.stack import launch

_LARGEST_LOG_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run. user: the account to run as, None for ours. orphan_signal: sent by the kernel when the parent is gone.

    nice: how far it stands behind others where cores are short, 0 to 19.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    nice: int = 0


class Child:
    """A started ChildSpec. Make it on the main thread: the kernel's signal at the parent's death is bound to the thread that forked."""

    def __init__(self, spec: ChildSpec, pid_dir: Path) -> None:
        self.spec = spec
        self._pid_file = pid_dir / f"{spec.name}.pid"
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        pid_dir.mkdir(parents=True, exist_ok=True)
        _rotate(spec.log)
        with spec.log.open("ab") as log:
            self._process = subprocess.Popen(
                _launched(spec),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **spec.environment},
                cwd=spec.directory,
                start_new_session=True,
            )
        self._pid_file.write_text(json.dumps({"pid": self.pid, "created": _created(self.pid)}))

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; -9 for a SIGKILL."""
        code = self._process.poll()
        if code is not None:
            self._pid_file.unlink(missing_ok=True)
        return code

    def signal_stop(self) -> None:
        """Asks it to end; does not wait."""
        if self.exit_code() is None:
            self._process.send_signal(self.spec.stop_signal)

    def kill(self) -> None:
        """Ends it at once, with everything that it started, and reaps it."""
        if self.exit_code() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        self.exit_code()

    def stop(self, timeout_s: float) -> int:
        """Asks it to end, waits up to timeout_s, then kills it. Returns the exit code."""
        self.signal_stop()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        return self.exit_code() or 0

    def log_tail(self, lines: int = 1) -> str:
        """The last lines of its log that say something."""
        text = self.spec.log.read_bytes()[-8192:].decode(errors="replace")
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def end_orphans(pid_dir: Path, timeout_s: float, clock: Clock | None = None) -> list[str]:
    """Ends children that a killed parent left, and returns their names. A pid that now belongs to another process is left alone.

    A server that the kernel already told to stop is waited for: two servers on one data folder would spoil it.
    """
    clock = clock or SystemClock()
    deadline_s = clock.monotonic_s() + timeout_s
    ended = []
    for path in sorted(pid_dir.glob("*.pid")):
        process = _ours(path)
        if process is not None:
            _end(process, deadline_s - clock.monotonic_s())
            ended.append(path.stem)
        path.unlink(missing_ok=True)
    return ended


def _ours(path: Path) -> psutil.Process | None:
    """The process of a pid file, if it is still the one that was written there."""
    try:
        entry = json.loads(path.read_text())
        process = psutil.Process(int(entry["pid"]))
        same = abs(process.create_time() - float(entry["created"])) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (ValueError, KeyError, TypeError, psutil.Error):
        return None


def _end(process: psutil.Process, timeout_s: float) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        # A PostgreSQL ends "fast" on SIGINT, but waits for its clients on SIGTERM.
        process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
        try:
            process.wait(max(timeout_s, 0.1))
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)


def _created(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0  # ended already; the pid file then fits nobody


def _launched(spec: ChildSpec) -> list[str]:
    """Without site and environment: it starts in some milliseconds and can import nothing that is in the way."""
    head = [sys.executable, "-I", "-S", launch.__file__, spec.user or "", str(int(spec.orphan_signal)), str(os.getpid()), str(spec.nice)]
    return [*head, *spec.command]


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def command_exists(command: Path, what: str, remedy: str) -> Path:
    """`command` itself. Raises UserError if it is no executable file."""
    if not (command.is_file() and os.access(command, os.X_OK)):
        raise UserError(f"{what}: {command} is not an executable file; {remedy}")
    return command
