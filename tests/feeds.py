"""Helpers for tests of ingestors: an exchange server in this event loop, the ingestor beside it, and what it wrote to Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition

from ingestors.exchange_server.capture import Capture
from ingestors.exchange_server.material import Material
from ingestors.exchange_server.pace import MaxPace, Pace
from ingestors.exchange_server.server import ExchangeServer
from runtime.clock import SystemClock
from runtime.kafka import consumer
from runtime.settings import Settings
from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.codec import decode_bar, decode_book, decode_dead_letter, decode_gap, decode_raw_ticks
from schemas.dead_letters import DeadLetter
from schemas.gaps import Gap
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic

TRADE = '{"stream":"btcusdt@trade","data":{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"%s","q":"0.50000000","T":%d,"m":true,"M":true}}'
QUOTE = (
    '{"stream":"btcusdt@bookTicker","data":{"u":%d,"s":"BTCUSDT","b":"99.00000000","B":"1.00000000","a":"101.00000000","A":"2.00000000"}}'
)
START_NS = 1_723_161_900_000_000_000


def trade_frame(trade_id: int, ts_ns: int = START_NS, price: str = "100.00000000") -> str:
    """A trade of BTCUSDT."""
    return TRADE % (ts_ns // 1_000_000, trade_id, price, ts_ns // 1_000_000)


def quote_frame(update_id: int) -> str:
    """A book ticker of BTCUSDT."""
    return QUOTE % update_id


def capture_of(path: Path, frames: Sequence[str], step_ns: int = 1_000_000) -> Capture:
    """A capture of these frames, one a step."""
    path.write_text("".join(f"{START_NS + i * step_ns} {frame}\n" for i, frame in enumerate(frames)))
    return Capture([path])


@asynccontextmanager
async def exchange_of(material: Material, pace: Pace | None = None) -> AsyncIterator[tuple[ExchangeServer, dict[str, str]]]:
    """A running server, and the settings of section `binance` that lead an ingestor to it."""
    server = ExchangeServer(material, pace or MaxPace(), SystemClock())
    websocket, rest = await server.start()
    try:
        yield server, {"websocket_url": websocket, "rest_url": rest, "clock": "capture"}
    finally:
        await server.stop()


@dataclass
class Written:
    """Everything in the raw topics, the gaps and the dead letters, by partition in order."""

    envelopes: list[TickEnvelope]
    watermarks: list[Watermark]
    books: list[BookDifference]
    bars: list[Bar]
    gaps: list[Gap]
    letters: list[DeadLetter]
    headers: list[dict[str, bytes]]

    @property
    def ticks(self) -> list[Trade | Quote]:
        return [tick for envelope in self.envelopes for tick in envelope.ticks]

    @property
    def trades(self) -> list[Trade]:
        return [tick for tick in self.ticks if isinstance(tick, Trade)]

    @property
    def quotes(self) -> list[Quote]:
        return [tick for tick in self.ticks if isinstance(tick, Quote)]


def read_topic(settings: Settings, bootstrap: str, topic: Topic) -> list[Any]:
    """All messages of a topic, a partition after the other."""
    client = consumer(settings.kafka, bootstrap, f"{settings.kafka.group_prefix}.test", fetch_wait_max_ms=10)
    messages = []
    try:
        for partition in range(settings.kafka.partitions):
            place = TopicPartition(settings.kafka.topic(topic), partition, 0)
            _, end = client.get_watermark_offsets(place, timeout=20)
            client.assign([place])
            at = 0
            while at < end:
                message = client.poll(20)
                assert message is not None
                assert message.error() is None
                at = message.offset() + 1
                messages.append(message)
    finally:
        client.close()
    return messages


def written(settings: Settings, bootstrap: str) -> Written:
    """Reads and decodes what an ingestor writes."""
    raw = read_topic(settings, bootstrap, Topic.TICKS_RAW)
    records = [decode_raw_ticks(message.value()) for message in raw]

    def events(topic: Topic, decode: Any) -> list[Any]:
        return [decode(message.value()) for message in read_topic(settings, bootstrap, topic)]

    return Written(
        [record for record in records if isinstance(record, TickEnvelope)],
        [record for record in records if isinstance(record, Watermark)],
        events(Topic.BOOKS_RAW, decode_book),
        events(Topic.BARS_RAW, decode_bar),
        events(Topic.GAPS, decode_gap),
        events(Topic.DLQ, decode_dead_letter),
        [dict(message.headers() or []) for message in raw],
    )


async def written_later(settings: Settings, bootstrap: str) -> Written:
    """The same without holding up the event loop."""
    return await asyncio.to_thread(written, settings, bootstrap)
