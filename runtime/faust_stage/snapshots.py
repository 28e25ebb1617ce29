"""Snapshots on the compacted state topic, written and read by plain clients.

A snapshot is compressed and cut into chunks with keys `A/0`, `A/1`, ... or `B/0`, ...: two slots that alternate, so a crash in the middle of
writing leaves the other slot whole. Chunks of one snapshot share a random uid, so parts of two snapshots are never put together.
"""

import os
import zlib
from collections.abc import Iterable, Iterator

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import FatalError, TransientError
from runtime.faust_stage.partitions import Snapshot
from runtime.kafka import Publisher, consumer
from runtime.settings import KafkaSettings
from schemas.topics import Topic

CHUNK_BYTES = 900_000  # the broker's default limit is 1 MiB with everything around it
_FIRST_WINDOW = 32  # records read from the end at first: a snapshot or two of a usual stage
_ANSWER_TIMEOUT_S = 10.0
_RESTORE_TIMEOUT_S = 90.0  # a broker that restarts meanwhile is back by then


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """One record of the state topic. position: sum of the covered offsets, which orders snapshots; uid: of the snapshot; payload: its part."""

    v: int
    uid: str
    version: int
    position: int
    index: int
    count: int
    payload: bytes


def split(snapshot: Snapshot, uid: str, chunk_bytes: int = CHUNK_BYTES) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each record of a snapshot."""
    body = zlib.compress(msgspec.msgpack.encode(snapshot), 1)
    slot = "AB"[snapshot.version % 2]
    count = -(-len(body) // chunk_bytes)
    position = sum(snapshot.next_offsets.values())
    for index in range(count):
        payload = body[index * chunk_bytes : (index + 1) * chunk_bytes]
        chunk = Chunk(1, uid, snapshot.version, position, index, count, payload)
        yield f"{slot}/{index}".encode(), msgspec.msgpack.encode(chunk)


def newest_complete(values: Iterable[bytes]) -> Snapshot | None:
    """The snapshot that covers most among those of which every chunk is there; None if there is none."""
    found: dict[str, dict[int, Chunk]] = {}
    for value in values:
        chunk = msgspec.msgpack.decode(value, type=Chunk)
        found.setdefault(chunk.uid, {})[chunk.index] = chunk
    complete = [chunks for chunks in found.values() if len(chunks) == chunks[min(chunks)].count]
    if not complete:
        return None
    best = max(complete, key=lambda chunks: (chunks[0].position, chunks[0].version))
    body = b"".join(best[index].payload for index in range(len(best)))
    return msgspec.msgpack.decode(zlib.decompress(body), type=Snapshot)


class SnapshotStore:
    """Reads and writes the snapshots of one stage. All methods block: call them on a thread that may wait."""

    def __init__(self, stage: str, topic: Topic, kafka: KafkaSettings, bootstrap: str, clock: Clock) -> None:
        self._stage = stage
        self._topic = topic
        self._kafka = kafka
        self._bootstrap = bootstrap
        self._clock = clock
        self._publisher = Publisher(kafka, bootstrap, linger_ms=0)

    def write(self, snapshots: dict[int, Snapshot]) -> None:
        """Returns when the snapshots, given by partition, are durable. Raises FatalError or TransientError if they are not."""
        size = 0
        for partition, snapshot in snapshots.items():
            for key, value in split(snapshot, os.urandom(8).hex()):
                size += len(value)
                self._publisher.send(self._topic, partition, value, key)
        self._publisher.flush()
        metrics.STATE_BYTES.labels(self._stage).set(size)

    def read(self, partitions: Iterable[int]) -> dict[int, Snapshot | None]:
        """The newest complete snapshot of each partition. Repeats while the broker does not answer; FatalError after 90 s."""
        retrying = Retrying(
            retry=retry_if_exception_type((KafkaException, TransientError)),
            wait=wait_exponential_jitter(multiplier=0.2, max=5.0),
            stop=stop_after_delay(_RESTORE_TIMEOUT_S),
            before_sleep=lambda _state: metrics.RETRIES.labels(self._stage, "restore").inc(),
            reraise=True,
        )
        try:
            return retrying(self._read_all, sorted(set(partitions)))
        except (KafkaException, TransientError) as error:
            raise FatalError(f"the state cannot be read from {self._topic}: {error}") from error

    def answers(self, timeout_s: float) -> bool:
        """Whether the broker answers within the time."""
        return self._publisher.answers(timeout_s)

    def _read_all(self, partitions: list[int]) -> dict[int, Snapshot | None]:
        group = f"{self._kafka.group_prefix}.{self._stage}.state"  # never committed to
        # A fetch that waits 500 ms for the last partition's new records would hold up each next one.
        reader = consumer(self._kafka, self._bootstrap, group, enable_partition_eof=True, fetch_wait_max_ms=10)
        try:
            return {partition: self._read_one(reader, partition) for partition in partitions}
        finally:
            reader.close()

    def _read_one(self, reader: Consumer, partition: int) -> Snapshot | None:
        """From the end backwards in growing windows: a compacted topic still holds much that is superseded."""
        place = TopicPartition(self._kafka.topic(self._topic), partition)
        low, high = reader.get_watermark_offsets(place, timeout=_ANSWER_TIMEOUT_S)
        window = _FIRST_WINDOW
        while low < high:
            start = max(low, high - window)
            snapshot = newest_complete(self._values(reader, TopicPartition(place.topic, partition, start), high))
            if snapshot or start == low:
                return snapshot
            window *= 8
        return None

    def _values(self, reader: Consumer, start: TopicPartition, high: int) -> Iterator[bytes]:
        """Values from `start` to `high`; the offsets between may have holes, so the end is the partition's own or the first offset at or past it."""
        reader.assign([start])
        deadline_s = self._clock.monotonic_s() + _ANSWER_TIMEOUT_S
        while self._clock.monotonic_s() < deadline_s:
            message = reader.poll(0.5)
            if message is None:
                continue
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    return
                raise KafkaException(message.error())
            yield from _value(message)
            if message.offset() >= high - 1:
                return
            deadline_s = self._clock.monotonic_s() + _ANSWER_TIMEOUT_S
        raise TransientError(f"no answer for {_ANSWER_TIMEOUT_S} s while reading {start.topic}/{start.partition}")


def _value(message: Message) -> Iterator[bytes]:
    value = message.value()
    if value is not None:
        yield value
