"""Dead letters of the sink: made here, delivered before the positions move."""

import msgspec

from runtime.dead_letters import dead_letter, letter_of
from runtime.stage import InputRecord
from schemas.codec import decode_ticks, encode
from schemas.dead_letters import DeadLetter
from schemas.identity import Identity
from schemas.ticks import TickEnvelope
from schemas.topics import Topic
from sinks.letters import LetterBox
from sinks.timescale.batch import Batch


def one_row(stage: str, record: InputRecord, index: int, reason: str, error: str) -> DeadLetter:
    """One refused row: of an envelope the tick alone, else the whole record. index: position of the row among the record's."""
    letter = letter_of(stage, record, reason, error, index=index)
    if record.topic is not Topic.TICKS:
        return letter
    envelope = decode_ticks(record.value)
    assert isinstance(envelope, TickEnvelope)
    tick = encode(envelope.ticks[index])
    alone = dead_letter(
        stage=stage, topic="", partition=0, offset=0, reason=reason, error=error, payload=tick, ts_ns=0, source=envelope.source
    )
    return msgspec.structs.replace(letter, payload=alone.payload, size=alone.size, sha256=alone.sha256, source=alone.source)


def deliver(box: LetterBox, batch: Batch) -> None:
    """A batch's dead letters, each sent once. Returns when all are on the broker. Raises as LetterBox.deliver does: call again."""
    for key, letter in batch.unsent():
        box.send(letter, Identity(letter.stage, letter.topic, letter.partition, letter.offset, letter.index + 1))
        batch.sent.add(key)
    if batch.letters:
        box.deliver()
