"""Builds dead letters; the original bytes are kept, cut at a size that the broker takes."""

import hashlib
from collections.abc import Mapping

from runtime.records import trace_of
from runtime.stage import InputRecord
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


def letter_of(
    stage: str,
    record: InputRecord,
    reason: str,
    error: str,
    *,
    payload: bytes | None = None,
    ts_ns: int | None = None,
    index: int = -1,
    source: str = "",
) -> DeadLetter:
    """A letter about a record, or the part of it that payload is. Its time is the record's in the log unless one is named: a repetition gives the same bytes."""
    return dead_letter(
        stage=stage,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        index=index,
        reason=reason,
        error=error,
        payload=record.value if payload is None else payload,
        ts_ns=record.timestamp_ms * 1_000_000 if ts_ns is None else ts_ns,
        headers=record.headers,
        source=source,
        trace=trace_of(record),
    )
