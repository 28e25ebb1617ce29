"""What can be done with a dead letter once its cause is mended. Pure.

Only topics with one reader get a record again: what stands in `market.ticks` or later was read by several processes, and all but one of them have it.
"""

import hashlib
from dataclasses import dataclass

from runtime.kafka import Headers
from schemas import headers as names
from schemas.codec import DecodeError, decoder
from schemas.dead_letters import DeadLetter
from schemas.ticks import Quote, Trade
from schemas.topics import Topic
from tickerplant.dead_letters.reader import StoredLetter

INGEST = "ingest."
_SOCKET = "socket"
_ONE_READER = {Topic.TICKS_RAW, Topic.BARS_RAW}
_CARRIED = (names.TYPE, names.TRACE, names.RECEIVED, names.SYMBOLS)  # not the identity: a stage would take the record for a repeat
_decode_tick = decoder(Trade | Quote)


@dataclass(frozen=True, slots=True)
class Again:
    """A trade that goes to market.ticks.raw anew. contiguous: its venue numbers trades without holes, so it closes a gap."""

    trade: Trade
    source: str
    contiguous: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that its provider's parser reads anew. ts_ns: the ingest clock when it came."""

    provider: str
    source: str
    payload: bytes
    ts_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record that goes to its topic and partition anew."""

    topic: Topic
    partition: int
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class LeftOut:
    """why: one sentence, the same for all letters of its kind."""

    why: str


Remedy = Again | Frame | Record | LeftOut


def remedy_of(stored: StoredLetter) -> Remedy:
    """How the letter is replayed, or why it is not."""
    letter = stored.letter
    if letter is None:
        return LeftOut("the record in the topic is no dead letter")
    if len(letter.payload) != letter.size or hashlib.sha256(letter.payload).hexdigest() != letter.sha256:
        return LeftOut("only the beginning of the bytes was kept")
    if letter.topic == _SOCKET:
        return _frame(letter)
    if letter.topic not in _ONE_READER:
        return LeftOut(
            "other processes have read the record: mend the cause, then `tickerplant verify` and `tickerplant rebuild bars` tell what is missing"
        )
    return _tick(letter) if letter.index >= 0 else _record(letter)


def _frame(letter: DeadLetter) -> Remedy:
    if not letter.stage.startswith(INGEST):
        return LeftOut("a row of an import: mend the file and import it again")
    return Frame(letter.stage.removeprefix(INGEST), letter.source, letter.payload, letter.ts_ns)


def _tick(letter: DeadLetter) -> Remedy:
    try:
        tick = _decode_tick(letter.payload)
    except DecodeError:
        return LeftOut("the bytes are no tick that this version knows")
    if isinstance(tick, Quote):
        return LeftOut("a quote: newer ones have taken its place")
    return Again(late(tick), letter.source, names.CONTIGUOUS in letter.headers)


def _record(letter: DeadLetter) -> Remedy:
    if letter.headers.get(names.TYPE) == "watermark":
        return LeftOut("a watermark: later ones have passed it")
    carried = {name: letter.headers[name].encode() for name in _CARRIED if name in letter.headers}
    return Record(Topic(letter.topic), letter.partition, letter.payload, carried)


def late(trade: Trade) -> Trade:
    """Marked as one that came after its time: it closes a hole, and is no measure for what is usual."""
    trade.filled = True
    return trade
