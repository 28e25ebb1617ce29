"""Dead letters. Topic market.dlq: what could not be used, with its original bytes and one reason."""

from msgspec import Struct


class DeadLetter(Struct):
    """One refused frame, record or tick.

    stage: who refused it (`ingest.binance`, `validate`, ...). topic, partition, offset: the input record (`socket`, 0, 0 for a frame).
    index: position inside the record's envelope, -1 for the whole record. reason: a schemas.reasons.Reason; error: one sentence.
    payload: the original bytes (base64 in JSON), cut at 256 KiB; size: their full number; sha256: of all of them.
    ts_ns: ingest time of the input, else the stage's clock.
    """

    stage: str
    topic: str
    partition: int
    offset: int
    index: int
    reason: str
    error: str
    payload: bytes
    size: int
    sha256: str
    headers: dict[str, str]
    ts_ns: int
    source: str = ""
    trace: str = ""
    v: int = 1
