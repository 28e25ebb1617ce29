"""What runs on a data folder, seen from outside: the supervisor's own words, and every part asked now."""

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from runtime.addresses import stack_file
from runtime.clock import Clock
from runtime.errors import UserError
from tickerplant.stack import probe
from tickerplant.stack.lock import holder
from tickerplant.stack.monitor import status_file

SERVERS = ("kafka", "postgres", "redis")


def read_status(data_dir: Path) -> dict[str, Any]:
    """The answer of `status --json`. Blocks up to two seconds.

    {"running", "pid", "ready", "feed", "page", "addresses": {kafka, postgres, redis: URL with its password},
    "processes": [{"name", "state", "pid", "restarts", "last_exit", "missing", "health"}]}. `ready`: every part is.
    """
    pid = holder(data_dir)
    if pid is None:
        return {"running": False, "ready": False, "pid": None, "feed": "none", "page": "", "addresses": {}, "processes": []}
    known = _read(status_file(data_dir))
    with ThreadPoolExecutor(16) as pool:
        processes = list(pool.map(lambda entry: _asked(data_dir, entry), known.get("processes", [])))
    ready = bool(processes) and all(entry["state"] == "ready" for entry in processes)
    return {
        "running": True,
        "ready": ready,
        "pid": pid,
        "feed": known.get("feed", "none"),
        "page": known.get("page", ""),
        "addresses": _read(stack_file(data_dir)),
        "processes": processes,
    }


def _asked(data_dir: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """The supervisor's entry with the process's own answer of this moment."""
    run = probe.read_run_file(data_dir, entry["name"], entry["pid"] or -1)
    if "health" in run:
        entry["missing"] = probe.not_ready(str(run["health"]))
        entry["state"] = "not ready" if entry["missing"] else "ready"
    return entry | {"health": run.get("health")}


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def masked(url: str) -> str:
    """The URL with *** for its password."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.split(':')[0]}:***@{place}"))


def stop_running(data_dir: Path, timeout_s: float, clock: Clock) -> bool:
    """Asks the supervisor on this folder to stop and waits until it has. False if none runs. Raises UserError if it takes longer than timeout_s."""
    pid = holder(data_dir)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline_s = clock.monotonic_s() + timeout_s
    while holder(data_dir) is not None:
        if clock.monotonic_s() > deadline_s:
            raise UserError(f"the stack on {data_dir} (pid {pid}) has not stopped after {timeout_s:.0f} s; see {data_dir}/logs")
        threading.Event().wait(0.1)
    return True
