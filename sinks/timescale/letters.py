"""Dead letters of the sink: made here, delivered before the positions move."""

from collections.abc import Mapping

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


def row_letters(stage: str, record: InputRecord, reason: str, errors: Mapping[int, str]) -> list[DeadLetter]:
    """Refused rows of one record: of an envelope the tick alone, else the whole record. errors: by position of the row among the record's."""
    letters = [letter_of(stage, record, reason, error, index=index) for index, error in errors.items()]
    if record.topic is not Topic.TICKS:
        return letters
    envelope = decode_ticks(record.value)
    assert isinstance(envelope, TickEnvelope)
    return [_tick_alone(letter, envelope) for letter in letters]


def _tick_alone(letter: DeadLetter, envelope: TickEnvelope) -> DeadLetter:
    alone = dead_letter(
        stage=letter.stage, topic="", partition=0, offset=0, reason=letter.reason, error=letter.error,
        payload=encode(envelope.ticks[letter.index]), ts_ns=0, source=envelope.source,
    )  # fmt: skip
    return msgspec.structs.replace(letter, payload=alone.payload, size=alone.size, sha256=alone.sha256, source=alone.source)


def deliver(box: LetterBox, batch: Batch) -> None:
    """A batch's dead letters, each sent once. Returns when all are on the broker. Raises as LetterBox.deliver does: call again."""
    for key, letter in batch.unsent():
        box.send(letter, Identity(letter.stage, letter.topic, letter.partition, letter.offset, letter.index + 1))
        batch.sent.add(key)
    if batch.letters:
        box.deliver()
