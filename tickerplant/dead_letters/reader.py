"""Dead letters as they lie in the topic. A plain consumer without a group: reading changes nothing for anyone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from runtime import kafka
from runtime.errors import UserError
from runtime.records import headers_of
from runtime.settings import KafkaSettings
from schemas.codec import DecodeError, decode_dead_letter
from schemas.dead_letters import DeadLetter
from schemas.topics import Topic

_TIMEOUT_S = 5.0  # a broker that needs longer for its metadata is not there
_SILENT_POLLS = 20  # of a second each without a record: the rest was deleted by retention while we read


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A dead letter and where it lies. letter: None for a record that is no dead letter itself; raw: the record's value."""

    partition: int
    offset: int
    timestamp_ms: int
    letter: DeadLetter | None
    raw: bytes
    headers: dict[str, str]


class DeadLetters:
    """The topic. Methods block on the broker and raise UserError if it does not answer."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    def __iter__(self) -> Iterator[StoredLetter]:
        """All letters that are there now, in order within a partition."""
        yield from self._read({partition: self._bounds(partition) for partition in self._partitions()})

    def ends(self) -> dict[int, int]:
        """The next offset of each partition."""
        return {partition: self._bounds(partition)[1] for partition in self._partitions()}

    def since(self, starts: Mapping[int, int]) -> Iterator[StoredLetter]:
        """All letters that are there now, from these offsets on."""
        bounds = {partition: self._bounds(partition) for partition in self._partitions()}
        yield from self._read({partition: (max(low, starts.get(partition, 0)), high) for partition, (low, high) in bounds.items()})

    def at(self, partition: int, offset: int) -> StoredLetter:
        """One letter. Raises UserError if there is none."""
        if partition not in self._partitions():
            raise UserError(f"{self._topic} has no partition {partition}; `tickerplant dlq list` shows what is there")
        low, high = self._bounds(partition)
        if not low <= offset < high:
            raise UserError(f"{self._topic} has no letter at {partition}:{offset}; `tickerplant dlq list` shows what is there")
        found = next(self._read({partition: (offset, offset + 1)}), None)
        if found is None:
            raise UserError(f"the letter at {partition}:{offset} is gone: retention deleted it")
        return found

    def _partitions(self) -> list[int]:
        try:
            topic = self._consumer.list_topics(self._topic, _TIMEOUT_S).topics[self._topic]
        except KafkaException as error:
            raise UserError(
                f"Kafka does not answer ({kafka.said(error)}); start the stack with `tickerplant up` or set kafka.bootstrap_servers"
            ) from None
        if topic.error is not None:
            raise UserError(f"there is no topic {self._topic}; run `tickerplant topics apply`")
        return sorted(topic.partitions)

    def _bounds(self, partition: int) -> tuple[int, int]:
        low, high = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), _TIMEOUT_S)
        return low, high

    def _read(self, bounds: dict[int, tuple[int, int]]) -> Iterator[StoredLetter]:
        """Records of [start, end) of each partition; ends early where retention took the rest meanwhile."""
        ends = {partition: end for partition, (start, end) in bounds.items() if start < end}
        self._consumer.assign([TopicPartition(self._topic, partition, bounds[partition][0]) for partition in ends])
        silent = 0
        while ends and silent < _SILENT_POLLS:
            message = self._consumer.poll(1.0)
            if message is None:
                silent += 1
                continue
            if message.error():
                raise UserError(f"{self._topic} cannot be read: {message.error().str()}")
            silent = 0
            end = ends.get(message.partition(), 0)
            if message.offset() < end:
                yield _stored(message)
            if message.offset() >= end - 1:
                ends.pop(message.partition(), None)


@contextmanager
def open_letters(settings: KafkaSettings, bootstrap: str) -> Iterator[DeadLetters]:
    """The dead letters of a cluster."""
    consumer = kafka.consumer(settings, bootstrap, f"{settings.group_prefix}.dlq-reader")
    try:
        yield DeadLetters(consumer, settings.topic(Topic.DLQ))
    except KafkaException as error:
        raise UserError(f"Kafka does not answer any more ({kafka.said(error)}); try again") from None
    finally:
        consumer.close()


def _stored(message: Message) -> StoredLetter:
    raw = message.value() or b""
    try:
        letter = decode_dead_letter(raw)
    except DecodeError:
        letter = None
    headers = {name: value.decode("utf-8", "replace") for name, value in headers_of(message.headers()).items()}
    return StoredLetter(message.partition(), message.offset(), message.timestamp()[1], letter, raw, headers)
