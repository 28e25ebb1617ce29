"""Dead letters of the sink: made here, delivered before the positions move."""

from collections.abc import Callable

import msgspec

from runtime import metrics
from runtime.dead_letters import dead_letter
from runtime.kafka import Publisher
from runtime.logs import get_logger
from runtime.records import trace_of
from runtime.stage import InputRecord
from schemas.codec import decode_ticks, encode
from schemas.dead_letters import DeadLetter
from schemas.headers import IDENTITY, TRACE, TYPE
from schemas.identity import Identity
from schemas.ticks import TickEnvelope
from schemas.topics import Topic
from sinks.timescale.batch import Batch

_DELIVERY_TIMEOUT_S = 10.0  # then the transaction is given back and tried again; the producer goes on trying meanwhile


def whole_record(stage: str, record: InputRecord, reason: str, error: str) -> DeadLetter:
    """The record as it came. Its time is the log's, so that a repetition gives the same bytes."""
    return dead_letter(
        stage=stage,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reason=reason,
        error=error,
        payload=record.value,
        ts_ns=record.timestamp_ms * 1_000_000,
        headers=record.headers,
        trace=trace_of(record),
    )


def one_row(stage: str, record: InputRecord, index: int, reason: str, error: str) -> DeadLetter:
    """One refused row: of an envelope the tick alone, else the whole record. index: position of the row among the record's."""
    letter = whole_record(stage, record, reason, error)
    letter.index = index
    if record.topic is not Topic.TICKS:
        return letter
    envelope = decode_ticks(record.value)
    assert isinstance(envelope, TickEnvelope)
    tick = encode(envelope.ticks[index])
    alone = dead_letter(
        stage=stage, topic="", partition=0, offset=0, reason=reason, error=error, payload=tick, ts_ns=0, source=envelope.source
    )
    return msgspec.structs.replace(letter, payload=alone.payload, size=alone.size, sha256=alone.sha256, source=alone.source)


class LetterBox:
    """Sends a batch's dead letters. The producer is made with the first one: most sinks never need it."""

    def __init__(self, stage: str, publisher: Callable[[], Publisher]) -> None:
        self._stage = stage
        self._make = publisher
        self._publisher: Publisher | None = None

    def deliver(self, batch: Batch) -> None:
        """Returns when all are on the broker. Raises TransientError (call again), FatalError if one was lost."""
        unsent = batch.unsent()
        if unsent:
            self._send(batch, unsent)
        if batch.letters and self._publisher:
            self._publisher.flush(_DELIVERY_TIMEOUT_S)

    def _send(self, batch: Batch, unsent: list[tuple[tuple[str, int, int, int], DeadLetter]]) -> None:
        self._publisher = self._publisher or self._make()
        for key, letter in unsent:
            identity = Identity(self._stage, letter.topic, letter.partition, letter.offset, letter.index + 1)
            headers = {IDENTITY: identity.encode(), TYPE: b"dead_letter"}
            if letter.trace:
                headers[TRACE] = letter.trace.encode()
            self._publisher.send(Topic.DLQ, letter.partition, encode(letter), headers=headers)
            batch.sent.add(key)
            metrics.DEAD_LETTERS.labels(self._stage, letter.reason).inc()
            get_logger().warning(
                "row_refused",
                topic=letter.topic,
                partition=letter.partition,
                offset=letter.offset,
                index=letter.index,
                reason=letter.reason,
                error=letter.error,
                trace=letter.trace,
            )
