"""Alerts that a receiver never gets, and records that are no alerts: dead letters, each sent once for what was taken."""

from collections.abc import Callable

from runtime import metrics
from runtime.dead_letters import dead_letter
from runtime.kafka import Publisher
from runtime.logs import get_logger
from runtime.records import trace_of
from runtime.stage import InputRecord
from schemas.codec import encode
from schemas.headers import IDENTITY, TYPE
from schemas.identity import Identity
from schemas.reasons import Reason
from schemas.topics import Topic

_DELIVERY_TIMEOUT_S = 10.0  # then the flush is tried again; the producer goes on trying meanwhile


class LetterBox:
    """The producer is made with the first letter: most processes never need it."""

    def __init__(self, stage: str, publisher: Callable[[], Publisher]) -> None:
        self._stage = stage
        self._make = publisher
        self._publisher: Publisher | None = None

    def add(self, record: InputRecord, index: int, reason: Reason, error: str) -> None:
        """index: the receiver's number, -1 for the whole record; it is in the letter's identity, so that repeats are known."""
        self._publisher = self._publisher or self._make()
        letter = dead_letter(
            stage=self._stage,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            index=index,
            reason=reason,
            error=error,
            payload=record.value,
            ts_ns=record.timestamp_ms * 1_000_000,
            headers=record.headers,
            trace=trace_of(record),
        )
        identity = Identity(f"{self._stage}-{index + 1}", record.topic, record.partition, record.offset, 0)
        self._publisher.send(Topic.DLQ, record.partition, encode(letter), record.key, {IDENTITY: identity.encode(), TYPE: b"dead_letter"})
        metrics.DEAD_LETTERS.labels(self._stage, reason).inc()
        metrics.DROPPED.labels(self._stage, reason).inc()
        get_logger().warning(
            "alert_dropped", partition=record.partition, offset=record.offset, reason=reason, error=error, trace=letter.trace
        )

    def deliver(self) -> None:
        """Returns when all are on the broker. Raises TransientError (call again), FatalError if one was lost."""
        if self._publisher:
            self._publisher.flush(_DELIVERY_TIMEOUT_S)
