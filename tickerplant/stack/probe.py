"""Asks a running process of ours: is it ready, what do its metrics say. Everything here blocks, at most two seconds."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from runtime.health import run_file

_TIMEOUT_S = 2.0


def read_run_file(data_dir: Path, process: str, pid: int) -> dict[str, Any]:
    """What the process with this pid wrote about itself; empty until it has."""
    try:
        entry = json.loads(run_file(data_dir, process).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return entry if isinstance(entry, dict) and entry.get("pid") == pid else {}


def missing(data_dir: Path, process: str, pid: int) -> str:
    """ "" if the process is ready, else which of its checks are not."""
    entry = read_run_file(data_dir, process, pid)
    if not entry:
        return "starts"
    return not_ready(str(entry["health"])) if "health" in entry else ""


def not_ready(health_url: str) -> str:
    """ "" if /ready says so, else the failing checks in its own words."""
    try:
        with _open(f"{health_url}/ready"):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return _failing_checks(error.read())
    except OSError as error:
        return f"its health address does not answer ({error})"


def _failing_checks(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return "not ready"
    return "; ".join(f"{name}: {answer}" for name, answer in checks.items() if answer != "ok") or "not ready"


def process_at(health_url: str) -> str:
    """The name of the process that answers there; "" where none does."""
    try:
        with _open(f"{health_url}/live") as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:  # its loop stands still
        with error:
            body = error.read()
    except OSError:
        return ""
    try:
        return str(json.loads(body)["process"])
    except (ValueError, KeyError, TypeError):
        return ""


def metrics_text(health_url: str) -> str:
    """The body of /metrics; empty if it does not answer."""
    try:
        with _open(f"{health_url}/metrics") as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def _open(url: str) -> Any:
    # No proxy: the address is this machine's own.
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=_TIMEOUT_S)
