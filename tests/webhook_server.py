"""A receiver of webhooks on loopback, for tests: notes every request and answers as it is told."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from schemas.alerts import Alert
from schemas.codec import decode_alert

SECRET = "a secret of sixteen characters or more"


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def alert(self) -> Alert:
        return decode_alert(self.body)

    @property
    def key(self) -> str:
        return self.headers["Idempotency-Key"]

    def is_signed(self, secret: str = SECRET) -> bool:
        """As the guide tells receivers to check it."""
        signed = self.headers["X-Tickerplant-Timestamp"].encode() + b"." + self.body
        wanted = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, self.headers["X-Tickerplant-Signature"])


@dataclass
class WebhookServer:
    """answers: (status, headers) of the next requests; then 204. A status of 0 closes the connection without a word."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def keys(self) -> list[str]:
        return [one.key for one in self.received]


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    world = WebhookServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            world.received.append(Received(self.path, dict(self.headers), body))
            status, headers = world.answers.pop(0) if world.answers else (204, {})
            if not status:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    world.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=pencil"
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def alert(number: int = 1, **changes: Any) -> Alert:
    """alert_id of 32 hexadecimal digits ending in the number."""
    own = f"{number:032x}"
    plain = Alert(
        own, own, "raised", "condition", "high", "v", "price_level", "high", "BTC-USDT", "binance", "1m", "close", "101", "100",
        "BTC-USDT is 101", 1, 2,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)
