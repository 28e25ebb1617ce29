"""What a batch adds to the streams: the newest events of every symbol, in the order of the log. No I/O."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cache.keys import stream_key
from cache.streams import Append, Placed, position_of
from runtime.stage import InputRecord
from schemas.bars import Bar
from schemas.codec import encode
from schemas.indicators import IndicatorRecord
from schemas.signals import Signal
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic

Event = Bar | IndicatorRecord | Signal | TickEnvelope | Watermark
_OF_TOPICS = {Topic.BARS: "bars", Topic.INDICATORS: "indicators", Topic.SIGNALS: "signals"}


class _Waiting(NamedTuple):
    position: str
    source: str
    event: Trade | Quote | bytes


class Tails:
    """names: the streams that are kept. length: events of one; older ones of a batch are overtaken before they are written, and counted."""

    def __init__(self, names: Sequence[str], length: int) -> None:
        self._names = frozenset(names)
        self._length = length
        self._streams: dict[tuple[str, str, Topic], deque[_Waiting]] = {}
        self.overtaken: dict[str, int] = {}

    def take(self, record: InputRecord, event: Event) -> None:
        """Only what is of a symbol's primary source."""
        if isinstance(event, TickEnvelope):
            self._take_ticks(record.offset, event)
        elif not isinstance(event, Watermark) and event.primary and (name := _OF_TOPICS.get(record.topic)) in self._names:
            self._put(str(name), event.symbol, record.topic, _Waiting(position_of(record.offset, 0), event.source, record.value))

    def _take_ticks(self, offset: int, envelope: TickEnvelope) -> None:
        if self._names.isdisjoint(("trades", "quotes")):
            return
        for index, tick in enumerate(envelope.ticks):
            name = "trades" if isinstance(tick, Trade) else "quotes"
            if tick.primary and name in self._names:
                self._put(name, tick.symbol, Topic.TICKS, _Waiting(position_of(offset, index), envelope.source, tick))

    def _put(self, name: str, symbol: str, topic: Topic, waiting: _Waiting) -> None:
        key = (name, symbol, topic)
        if (stream := self._streams.get(key)) is None:
            stream = self._streams[key] = deque(maxlen=self._length)
        if len(stream) == self._length:
            self.overtaken[name] = self.overtaken.get(name, 0) + 1
        stream.append(waiting)

    def appends(self, epochs: Mapping[Topic, str]) -> list[Append]:
        """One a stream. epochs: of each topic's log."""
        return [
            Append(stream_key(name, symbol), name, epochs[topic], self._length, [_placed(one) for one in stream])
            for (name, symbol, topic), stream in self._streams.items()
        ]


def _placed(waiting: _Waiting) -> Placed:
    event = waiting.event if isinstance(waiting.event, bytes) else encode(waiting.event)
    return Placed(waiting.position, waiting.source, event)
