"""Builds dead letters; the original bytes are kept, cut at a size that the broker takes."""

import hashlib
from collections.abc import Mapping

from schemas.dead_letters import DeadLetter

MAX_PAYLOAD_BYTES = 262_144


def dead_letter(
    *,
    stage: str,
    topic: str,
    partition: int,
    offset: int,
    reason: str,
    error: str,
    payload: bytes,
    ts_ns: int,
    index: int = -1,
    headers: Mapping[str, bytes] | None = None,
    source: str = "",
    trace: str = "",
) -> DeadLetter:
    """A dead letter with size and hash of the whole payload. error is cut at 500 characters: it may quote hostile input."""
    return DeadLetter(
        stage=stage,
        topic=topic,
        partition=partition,
        offset=offset,
        index=index,
        reason=reason,
        error=error[:500],
        payload=payload[:MAX_PAYLOAD_BYTES],
        size=len(payload),
        sha256=hashlib.sha256(payload).hexdigest(),
        headers={name: value.decode("utf-8", "replace")[:500] for name, value in (headers or {}).items()},
        ts_ns=ts_ns,
        source=source,
        trace=trace,
    )
