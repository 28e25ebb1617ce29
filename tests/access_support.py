"""For tests of the gateway's access: keys, tokens good and bad, an issuer that shows its keys."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

SECRET = "0123456789abcdef" * 2
AUDIENCE = "tickerplant"


def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """The same key for the same number."""
    return _made(number)


@cache
def _made(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public_pem(folder: Path, number: int = 0) -> Path:
    path = folder / f"key{number}.pem"
    path.write_bytes(rsa_key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def claims(user: str = "ann", expires_in_s: float = 600, **more: Any) -> dict[str, Any]:
    """More claims; one of None is left out."""
    every = {"sub": user, "aud": AUDIENCE, "exp": time.time() + expires_in_s, "scope": "*", "tier": "enterprise", **more}
    return {name: value for name, value in every.items() if value is not None}


def token(
    user: str = "ann", expires_in_s: float = 600, *, key: Any = SECRET, algorithm: str = "HS256", key_id: str = "", **more: Any
) -> str:
    headers = {"kid": key_id} if key_id else None
    return jwt.encode(claims(user, expires_in_s, **more), key, algorithm, headers)


def hand_made(header: dict[str, Any], payload: Any, signature: bytes = b"") -> str:
    """A token that no library would make."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class Issuer:
    """Shows the keys of `numbers` with ids k<number>; counts who asks."""

    def __init__(self) -> None:
        self.numbers = [0]
        self.asked = 0
        self.is_away = False
        self.more: list[dict[str, Any]] = []

    def document(self) -> bytes:
        shown = [json.loads(RSAAlgorithm.to_jwk(rsa_key(n).public_key())) | {"kid": f"k{n}", "use": "sig"} for n in self.numbers]
        return json.dumps({"keys": shown + self.more}).encode()


@contextmanager
def running_issuer() -> Iterator[tuple[Issuer, str]]:
    """The issuer and its JWKS address."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            self.send_response(503 if issuer.is_away else 200)
            self.end_headers()
            self.wfile.write(b"" if issuer.is_away else issuer.document())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer, f"http://127.0.0.1:{server.server_address[1]}/keys"
    finally:
        server.shutdown()
        server.server_close()
