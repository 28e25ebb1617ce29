"""What a client that comes back has missed: from memory, else from Kafka. Decides and decodes; reading Kafka is gateway.backfill's.

A client's position is the seq of the last message that it has of a series. What lies behind it in the log is the same for every gateway
process, so any of them can go on where another one was left.
"""

from typing import NamedTuple, Protocol

from gateway.protocol import Resume, SeriesPosition
from gateway.recent import KEPT_TOPICS, Recent
from gateway.records import event_of, place, symbols_of, ticks_of
from gateway.selector import Selector
from gateway.series import PRIMARY, TRAITS, Channel, Event, Placed, SeriesKey
from runtime.stage import InputRecord
from schemas.codec import DecodeError
from schemas.topics import Topic


class Position(NamedTuple):
    """(offset, index in the record) in the topic's partition, as in "1234.7"."""

    offset: int
    number: int

    @classmethod
    def parse(cls, seq: str) -> "Position":
        offset, _, number = seq.partition(".")
        return cls(int(offset), int(number))

    @property
    def seq(self) -> str:
        return f"{self.offset}.{self.number}"


class Backfill(Protocol):
    """read: True if the ring reaches back to that offset afterwards; it may take seconds, and others' turns come first."""

    async def read(self, topic: Topic, partition: int, offset: int) -> bool: ...


Missed = list[tuple[Placed, Event]]
MOST_AT_ONCE = 500  # messages between two looks at whether the client reads them


def positions_of(resume: Resume, selector: Selector) -> dict[SeriesKey, Position]:
    """By series, those that the selector takes."""
    if resume.seq is not None:
        return dict.fromkeys(selector.exact_keys(), Position.parse(resume.seq)) if selector.is_exact and selector.weight == 1 else {}
    keys = [(_key(selector.channel, one), Position.parse(one.seq)) for one in resume.series]
    return {key: position for key, position in keys if selector.matches(key)}


def _key(channel: Channel, one: SeriesPosition) -> SeriesKey:
    timeframe = (one.timeframe or "1m") if TRAITS[channel].by_timeframe else ""
    return SeriesKey(channel, one.symbol, one.source or PRIMARY, timeframe)


def can_resume(selector: Selector) -> bool:
    """False where only the newest message counts: there a snapshot is all that was missed."""
    return TRAITS[selector.channel].topic in KEPT_TOPICS and not TRAITS[selector.channel].is_state and not selector.variant.max_per_s


def missed_of(recent: Recent, key: SeriesKey, partition: int, after: Position) -> Missed | None:
    """The series' events behind `after`, at most MOST_AT_ONCE and then up to the end of a record; None if memory does not reach back so far."""
    ring = recent.ring(TRAITS[key.channel].topic, partition)
    if after.offset < ring.first or not ring.end:  # the rest of that record itself may be missing too
        return None
    missed: Missed = []
    for record in ring.since(after.offset):
        missed += [pair for pair in _events(record, key) if (pair[0].offset, pair[0].index) > after]
        if len(missed) >= MOST_AT_ONCE:
            break
    return missed


def _events(record: InputRecord, key: SeriesKey) -> Missed:
    """Those of the series in one record; none in one that cannot be read, which was counted when it came."""
    try:
        if key.channel is Channel.TICKS:
            names = symbols_of(record)
            return [pair for pair in ticks_of(record, (key.symbol,)) if pair[0].is_of(key)] if not names or key.symbol in names else []
        if record.key is not None and record.key != key.symbol.encode():
            return []
        placed = place(record)
        return [(placed, event_of(placed))] if placed.is_of(key) else []
    except DecodeError:
        return []
