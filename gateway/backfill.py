"""Reads older records from Kafka into memory, for clients that were away for longer than memory reaches back, or whose gateway was started anew.

One read at a time, on a thread: clients that come back together ask for the same records, and all but the first find them there.
"""

import asyncio
from collections import defaultdict

from confluent_kafka import Consumer, KafkaException, TopicPartition

from gateway.recent import LARGEST_READ_BYTES, Recent, Ring, bytes_of
from gateway.records import is_watermark
from runtime import metrics
from runtime.clock import Clock
from runtime.kafka import SMALL_FETCHES, consumer
from runtime.logs import get_logger
from runtime.records import headers_of
from runtime.settings import Settings
from runtime.stage import InputRecord
from schemas.topics import Topic

_TIMEOUT_S = 5.0  # of one read
_HELD_S = 2.0  # after a read that took all its time: those who wait for it take it out
_POLL_S = 0.1
_CONSUME_RECORDS = 500
_BEFORE = (
    200  # records read before the first one wanted, so that a stage's repeats, which follow their originals closely, are known as such
)
logger = get_logger()


class KafkaBackfill:
    """A gateway.resume.Backfill."""

    def __init__(self, settings: Settings, bootstrap: str, recent: Recent, clock: Clock) -> None:
        self._settings = settings
        self._bootstrap = bootstrap
        self._recent = recent
        self._clock = clock
        self._turns: dict[tuple[Topic, int], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._reading = asyncio.Lock()
        self._client: Consumer | None = None

    async def read(self, topic: Topic, partition: int, offset: int) -> bool:
        """True if the ring reaches back to the offset now. Waits for others' reads; a read of its own takes 5 s at most."""
        ring = self._recent.ring(topic, partition)
        async with self._turns[topic, partition], self._reading:
            if ring.first <= offset < ring.end:
                return True
            if ring.first - offset > self._settings.gateway.resume_records or offset >= ring.end:
                return False
            return await self._extend(ring, topic, partition, offset)

    async def _extend(self, ring: Ring, topic: Topic, partition: int, offset: int) -> bool:
        end = ring.first
        ring.hold()
        asyncio.get_running_loop().call_later(_TIMEOUT_S + _HELD_S, ring.release)
        try:
            records = await asyncio.to_thread(self._records, topic, partition, max(0, offset - _BEFORE), end)
        except KafkaException as error:
            logger.warning("resume_unread", topic=topic, partition=partition, error=str(error))
            return False
        if records is None:
            return False
        older = [record for record in records if record.offset < ring.first]  # the ring may have forgotten some meanwhile, that is a hole
        if not records or ring.first > end or records[0].offset > offset:
            return False
        ring.put_before([record for record in older if not is_watermark(record)], records[0].offset)
        metrics.RESUME_READS.labels(topic).inc()
        logger.info("resume_read", topic=topic, partition=partition, records=len(records))
        return True

    def _records(self, topic: Topic, partition: int, first: int, end: int) -> list[InputRecord] | None:
        """On a thread: the partition's records from first, or the oldest there is, up to end (exclusive). None if that takes too long or too much."""
        client = self._client = self._client or consumer(
            self._settings.kafka, self._bootstrap, f"{self._settings.kafka.group_prefix}.gateway", **SMALL_FETCHES
        )
        place = TopicPartition(self._settings.kafka.topic(topic), partition)
        low, _high = client.get_watermark_offsets(place, timeout=_TIMEOUT_S)
        place.offset = max(low, first)
        client.assign([place])
        try:
            return self._read_to(client, topic, end) if place.offset < end else []
        finally:
            client.unassign()

    def _read_to(self, client: Consumer, topic: Topic, end: int) -> list[InputRecord] | None:
        records: list[InputRecord] = []
        size, deadline_s = 0, self._clock.monotonic_s() + _TIMEOUT_S
        while self._clock.monotonic_s() < deadline_s and size < LARGEST_READ_BYTES:
            message = client.poll(_POLL_S)
            for each in [message, *client.consume(_CONSUME_RECORDS, 0)] if message is not None else []:
                if each.error() is not None:
                    raise KafkaException(each.error())
                offset, value = each.offset() or 0, each.value() or b""
                if offset < end:
                    records.append(InputRecord(topic, each.partition() or 0, offset, each.key(), value, headers_of(each.headers())))
                    size += bytes_of(records[-1])
                if offset + 1 >= end:
                    return records
        return None

    def close(self) -> None:
        """Blocks for a moment."""
        if self._client is not None:
            self._client.close()
