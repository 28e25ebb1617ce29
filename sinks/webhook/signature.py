"""What proves to a receiver that a request is ours and fresh: HMAC-SHA256 over its time and body."""

import hashlib
import hmac

SIGNATURE = "X-Tickerplant-Signature"
TIMESTAMP = "X-Tickerplant-Timestamp"
IDEMPOTENCY_KEY = "Idempotency-Key"


def signature_of(secret: str, timestamp_s: int, body: bytes) -> str:
    """`v1=` and the hexadecimal HMAC of `<timestamp>.<body>`. A receiver computes the same, compares in constant time, and refuses old timestamps."""
    digest = hmac.new(secret.encode(), f"{timestamp_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"v1={digest}"


def headers_of(secret: str | None, timestamp_s: int, body: bytes, alert_id: str) -> dict[str, str]:
    """All headers of a request that depend on it. Without a secret there is no signature."""
    headers = {"Content-Type": "application/json", IDEMPOTENCY_KEY: alert_id, TIMESTAMP: str(timestamp_s)}
    return headers if secret is None else headers | {SIGNATURE: signature_of(secret, timestamp_s, body)}
