"""A broker in memory for tests of ingestors: what was sent, and what a restarted one finds there."""

from collections.abc import Collection
from typing import Any

from ingestors import resume
from ingestors.polling.resume import take_bar
from ingestors.polling.sent_bars import SentBars, SeriesKey
from ingestors.publisher import EventPublisher
from ingestors.resume import Published
from schemas.bars import Bar
from schemas.codec import decode_bar, decode_dead_letter, decode_gap, decode_raw_ticks
from schemas.dead_letters import DeadLetter
from schemas.gaps import Gap
from schemas.sources import BarOffer, SourceState
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic


class _Message:
    def __init__(self, value: bytes) -> None:
        self._value = value

    def value(self) -> bytes:
        return self._value


class MemoryOutput:
    """Stands for Kafka: ingestors.output.Output and the producer in one."""

    def __init__(self) -> None:
        self.sent: list[tuple[Topic, int, bytes]] = []
        self.asked: tuple[str, ...] | None = None
        self.state: SourceState | None = None

    async def read_published(self, source: str, symbols: Collection[str], by_time: bool) -> Published:
        published = Published(by_time=by_time)
        for topic, _, value in self.sent:
            message: Any = _Message(value)
            if topic is Topic.TICKS_RAW:
                resume._take_ticks(published, source, message)
            elif topic is Topic.GAPS:
                resume._take_gap(published, source, message)
        resume._forget_others(published, set(symbols))
        return published

    async def asked_symbols(self, source: str) -> tuple[str, ...] | None:
        return self.asked

    def source_state(self, source: str) -> SourceState | None:
        return self.state

    async def sent_bars(self, source: str, wanted: Collection[SeriesKey], kept: int) -> SentBars:
        sent = SentBars(kept)
        for value in self._values(Topic.BARS_RAW):
            message: Any = _Message(value)
            take_bar(sent, source, message)
        return sent

    def publisher(self) -> Any:
        return self

    async def answers(self, publisher: EventPublisher) -> bool:
        return True

    def send(self, topic: Topic, partition: int, value: bytes, key: bytes | None = None, headers: Any = None) -> None:
        self.sent.append((topic, partition, value))

    def poll(self) -> None:
        pass

    def waiting(self) -> int:
        return 0

    def flush(self) -> None:
        pass

    def _values(self, topic: Topic) -> list[bytes]:
        return [value for sent, _, value in self.sent if sent is topic]

    @property
    def ticks(self) -> list[Trade | Quote]:
        envelopes = [record for value in self._values(Topic.TICKS_RAW) if isinstance(record := decode_raw_ticks(value), TickEnvelope)]
        return [tick for envelope in envelopes for tick in envelope.ticks]

    def trades(self, symbol: str) -> list[Trade]:
        return [tick for tick in self.ticks if isinstance(tick, Trade) and tick.symbol == symbol]

    def ids(self, symbol: str) -> list[int]:
        return [int(trade.trade_id) for trade in self.trades(symbol)]

    @property
    def watermarks(self) -> list[Watermark]:
        return [record for value in self._values(Topic.TICKS_RAW) if isinstance(record := decode_raw_ticks(value), Watermark)]

    @property
    def offers(self) -> list[BarOffer]:
        return [record for value in self._values(Topic.TICKS_RAW) if isinstance(record := decode_raw_ticks(value), BarOffer)]

    @property
    def gaps(self) -> list[Gap]:
        return [decode_gap(value) for value in self._values(Topic.GAPS)]

    @property
    def bars(self) -> list[Bar]:
        return [decode_bar(value) for value in self._values(Topic.BARS_RAW)]

    @property
    def letters(self) -> list[DeadLetter]:
        return [decode_dead_letter(value) for value in self._values(Topic.DLQ)]
