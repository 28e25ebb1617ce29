"""/metrics, /live and /ready of a process, on a thread of their own, so that a busy or stuck loop still answers.

Live: the loop ticked lately. Ready means progress: every check passes (assignment, bounded lag, fresh data, the parts answer); the body names
each check, so operations see which part is missing.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import Settings

Check = Callable[[], str]  # "" when good, else what is missing; called from the health thread, must not block
_LIVE_TIMEOUT_S = 30.0  # longer than the longest single step of a loop: a flush while a broker restarts runs on another thread


class Health:
    """State behind the endpoints. Thread-safe: the loop calls `tick` and `add_check`, the server's threads read."""

    def __init__(self, process: str, clock: Clock) -> None:
        self.process = process
        self._clock = clock
        self._ticked_s = clock.monotonic_s()
        self._checks: dict[str, Check] = {}

    def tick(self) -> None:
        """The loop is alive."""
        self._ticked_s = self._clock.monotonic_s()

    def add_check(self, name: str, check: Check) -> None:
        """One condition of readiness."""
        self._checks[name] = check

    def live(self) -> tuple[bool, dict[str, str]]:
        age_s = self._clock.monotonic_s() - self._ticked_s
        return age_s < _LIVE_TIMEOUT_S, {"loop": "" if age_s < _LIVE_TIMEOUT_S else f"no tick for {age_s:.0f} s"}

    def ready(self) -> tuple[bool, dict[str, str]]:
        answers = {name: check() for name, check in list(self._checks.items())}
        return bool(answers) and not any(answers.values()), answers


class HealthServer:
    """Serves a Health. `start` binds (UserError if the port is taken) and writes {"process", "pid", "health"} to <data dir>/run/<process>.json."""

    def __init__(self, health: Health, settings: Settings, pid: int) -> None:
        self._health = health
        self._settings = settings
        self._pid = pid
        self._server: ThreadingHTTPServer | None = None

    def start(self, **more: str) -> str:
        """Returns the URL. `more` goes into the run file, as the gateway's own address does."""
        host, port = self._settings.health.host, self._settings.health.port
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(self._health))
        except OSError as error:
            raise UserError(f"health port {host}:{port} cannot be used ({error.strerror}); set health.port to another one or 0") from None
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()
        url = f"http://{host}:{self._server.server_address[1]}"
        self._write({"process": self._health.process, "pid": self._pid, "health": url, **more})
        return url

    def _write(self, entry: dict[str, object]) -> None:
        path = run_file(self._settings.data_dir, self._health.process)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(entry))
        temporary.replace(path)

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()


def run_file(data_dir: Path, process: str) -> Path:
    """Where a running process tells its addresses."""
    return data_dir / "run" / f"{process}.json"


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            elif self.path in ("/live", "/ready"):
                good, answers = health.live() if self.path == "/live" else health.ready()
                body = {
                    "process": health.process,
                    "status": "ok" if good else "failing",
                    "checks": {n: a or "ok" for n, a in answers.items()},
                }
                self._answer(200 if good else 503, "application/json", json.dumps(body).encode())
            else:
                self._answer(404, "text/plain", b"only /metrics, /live and /ready\n")

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are not news."""

    return Handler
