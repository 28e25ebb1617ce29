"""What an ingestor wrote to its topic, and when: the broker's own stamps of records, and a consumer that sees them come."""

import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import OFFSET_END, Consumer, Message, TopicPartition

from bench.latency import Reader
from bench.own_line import OwnLine
from runtime.kafka import consumer
from schemas.codec import decode_raw_ticks
from schemas.ticks import TickEnvelope, Trade
from schemas.topics import Topic

_READ_S = 120.0
_MS_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of ticks on a topic. records: watermarks not counted; first_ms, last_ms: of the records' stamps; delays_ns: of each tick, see `appended`."""

    ticks: int
    records: int
    first_ms: int
    last_ms: int
    delays_ns: Sequence[int]

    @property
    def ticks_per_s(self) -> float:
        """The first record's ticks count, too: they are few among millions."""
        return self.ticks / max(self.last_ms - self.first_ms, 1) * 1000


def stretch(records: Iterable[tuple[int, TickEnvelope]], ticks: int) -> Stretch:
    """Of (stamp, envelope) in any order, until there are so many ticks. Raises RuntimeError if there are fewer."""
    count = first_ms = last_ms = 0
    delays_ns = array("q")
    for stamp_ms, envelope in records:
        first_ms, last_ms, count = min(first_ms or stamp_ms, stamp_ms), max(last_ms, stamp_ms), count + 1
        delays_ns.extend(appended(stamp_ms, envelope))
        if len(delays_ns) >= ticks:
            return Stretch(len(delays_ns), count, first_ms, last_ms, delays_ns)
    raise RuntimeError(f"{len(delays_ns):,} of {ticks:,} ticks reached {Topic.TICKS_RAW}")


def appended(stamp_ms: int, envelope: TickEnvelope) -> list[int]:
    """Nanoseconds from each tick's receipt until it was appended, which the broker tells in whole ms: rounded up."""
    end_ns = (stamp_ms + 1) * _MS_NS
    return [end_ns - tick.ts_ingest_ns for tick in envelope.ticks]


class RawTopic:
    """market.ticks.raw of a line, read from where it ended when this was made. For one thread, which calls `close` at the end."""

    def __init__(self, line: OwnLine) -> None:
        self._consumer: Consumer = consumer(line.kafka, line.bootstrap, "bench.ingest.after")
        name = line.kafka.topic(Topic.TICKS_RAW)
        places = [TopicPartition(name, number) for number in range(line.kafka.partitions)]
        ends = [self._consumer.get_watermark_offsets(one, timeout=20, cached=False)[1] for one in places]
        self._begins = [TopicPartition(name, number, end) for number, end in enumerate(ends)]

    def stretch(self, ticks: int) -> Stretch:
        """Of the first so many ticks since then. Blocks until all are read, at most two minutes."""
        self._consumer.assign(self._begins)
        return stretch(self._records(), ticks)

    def _records(self) -> Iterator[tuple[int, TickEnvelope]]:
        deadline_s = time.monotonic() + _READ_S
        while time.monotonic() < deadline_s:
            for message in self._consumer.consume(500, 0.5):
                if envelope := _envelope(message):
                    yield message.timestamp()[1], envelope

    def close(self) -> None:
        self._consumer.close()


class ArrivalReader(Reader):
    """Sees records come, from the topic's end: `samples` are of ticks from their receipt until they are read here.

    sent: the same of trades, from the venue's ms.
    """

    def __init__(self, line: OwnLine) -> None:
        super().__init__("reader of the ingestor's topic")
        self.sent: list[tuple[int, int]] = []
        self._consumer = consumer(line.kafka, line.bootstrap, "bench.ingest.arrival", fetch_wait_max_ms=100)
        name = line.kafka.topic(Topic.TICKS_RAW)
        self._consumer.assign([TopicPartition(name, number, OFFSET_END) for number in range(line.kafka.partitions)])

    def read(self) -> None:
        while not self.stop_asked.is_set():
            message = self._consumer.poll(0.1)
            now_ns = time.time_ns()
            if message is not None and (envelope := _envelope(message)):
                self._take(envelope, now_ns)
        self._consumer.close()

    def _take(self, envelope: TickEnvelope, now_ns: int) -> None:
        for tick in envelope.ticks:
            self.samples.append((now_ns, now_ns - tick.ts_ingest_ns))
            if isinstance(tick, Trade):
                self.sent.append((now_ns, now_ns - tick.ts_event_ns))


def _envelope(message: Message) -> TickEnvelope | None:
    value = None if message.error() else message.value()
    event = decode_raw_ticks(value) if value else None
    return event if isinstance(event, TickEnvelope) else None
