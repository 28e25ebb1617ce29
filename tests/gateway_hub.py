"""For tests of the gateway without sockets: a hub with its feed, records that are numbered as Kafka would, receivers that keep what they get."""

import asyncio
import json
from typing import Any

from gateway.feed import STAGE, Feed
from gateway.groups import Batch
from gateway.hub import Hub
from gateway.protocol import Subscribe
from gateway.recent import Recent
from gateway.selector import Selector
from gateway.series import Channel
from gateway.snapshots import Snapshots
from gateway.views import Subscription
from runtime import metrics
from runtime.clock import ManualClock
from runtime.faults import KillPoints
from runtime.stage import InputRecord
from schemas import headers
from schemas.bars import Bar
from schemas.codec import encode
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic


def payloads(frames: bytes) -> list[bytes]:
    """The messages in a server's frames."""
    found = []
    while frames:
        assert frames[0] == 0x81
        length, start = frames[1], 2
        if length == 126:
            length, start = int.from_bytes(frames[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(frames[2:10], "big"), 10
        found.append(frames[start : start + length])
        frames = frames[start + length :]
    return found


class Box:
    """A receiver that keeps its messages."""

    write = None

    def __init__(self) -> None:
        self.sent = 0
        self.messages: list[dict[str, Any]] = []
        self.writes = 0

    def deliver(self, batch: Batch) -> None:
        found = [json.loads(payload) for payload in payloads(batch.frames)]
        assert [(message["prev"], message["seq"]) for message in found] == [(one.prev, one.seq) for one in batch.messages]
        self.writes += 1
        self.messages += found

    def send(self, frames: bytes, messages: int = 1) -> None:
        found = [json.loads(payload) for payload in payloads(frames)]
        assert len(found) == messages
        self.messages += found

    async def room(self) -> None:
        """It always has."""
        await asyncio.sleep(0)


class World:
    """One partition of every topic."""

    def __init__(self) -> None:
        self.clock = ManualClock(10**18)
        self.hub = Hub(50, self.clock)
        self.recent = Recent(1, 1024 * 1024)
        self.feed = Feed(self.hub, self.recent, self.clock, KillPoints(STAGE))
        self.snapshots = Snapshots(self.hub)
        self.offsets: dict[Topic, int] = dict.fromkeys(Topic, 0)

    def record(self, topic: Topic, value: bytes, key: str | None = None, **more: bytes) -> InputRecord:
        offset = self.offsets[topic]
        self.offsets[topic] += 1
        return InputRecord(topic, 0, offset, key.encode() if key else None, value, {headers.TRACE: b"t", **more})

    def ticks(self, *ticks: Trade | Quote, source: str = "binance", **more: bytes) -> InputRecord:
        symbols = ",".join(sorted({tick.symbol for tick in ticks})).encode()
        return self.record(
            Topic.TICKS, encode(TickEnvelope(source, 10**18 - 5_000_000, list(ticks))), symbols=symbols, type=b"ticks", **more
        )

    def bar(self, event: Bar, **more: bytes) -> InputRecord:
        return self.record(Topic.BARS, encode(event), type=b"bar", **more)

    def subscribe(self, channel: Channel, symbol: Any = "BTC-USDT", **more: Any) -> tuple[Box, list[dict[str, Any]]]:
        """A new receiver and its snapshots."""
        box, selector = Box(), Selector.of(Subscribe(channel=channel, symbol=symbol, **more))
        subscription = Subscription(box, selector)
        self.feed.catch_up(selector)
        snapshots = []
        for view in self.hub.add(subscription):
            snapshots += [json.loads(each) for each in payloads(self.snapshots.frame(view, selector.variant, 50))]
            self.hub.attach(subscription, view)
        self.last = subscription
        return box, snapshots


class Log:
    """A gateway.resume.Backfill over all records that there are."""

    def __init__(self, recent: Recent, records: list[InputRecord], low: int = 0) -> None:
        self.recent, self.records, self.low, self.reads = recent, records, low, 0

    async def read(self, topic: Topic, partition: int, offset: int) -> bool:
        self.reads += 1
        ring = self.recent.ring(topic, partition)
        older = [record for record in self.records if record.topic is topic and self.low <= record.offset < ring.first]
        if offset < self.low:
            return False
        ring.put_before(older, self.low)
        await asyncio.sleep(0)
        return True


def dropped(reason: str) -> float:
    """Records that the gateway has left out for it so far."""
    return metrics.DROPPED.labels(STAGE, reason)._value.get()  # type: ignore[no-any-return]
