"""Records of some topics as they lie in the log now. A plain consumer without commits: reading changes nothing for anyone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from runtime import kafka
from runtime.errors import UserError
from runtime.records import headers_of
from runtime.settings import KafkaSettings
from runtime.stage import InputRecord
from schemas.topics import Topic

Place = tuple[Topic, int]
_TIMEOUT_S = 5.0
_SILENT_POLLS = 20  # of half a second each without a record: the rest was deleted by retention while we read


class Log:
    """Methods block on the broker and raise UserError if it does not answer or a topic is not there."""

    def __init__(self, consumer: Consumer, settings: KafkaSettings) -> None:
        self._consumer = consumer
        self._settings = settings

    def bounds(self, topics: Iterable[Topic], partitions: Iterable[int]) -> dict[Place, tuple[int, int]]:
        """(first offset, end) of each place. Asks again for some seconds: a new topic's leader is not known at once."""
        numbers = list(partitions)
        retrying = Retrying(
            retry=retry_if_exception_type(KafkaException), wait=wait_fixed(0.2), stop=stop_after_delay(_TIMEOUT_S), reraise=True
        )
        return retrying(self._bounds, list(topics), numbers)

    def _bounds(self, topics: list[Topic], numbers: list[int]) -> dict[Place, tuple[int, int]]:
        found = {}
        for topic in topics:
            name = self._settings.topic(topic)
            known = self._consumer.list_topics(name, _TIMEOUT_S).topics[name]
            if known.error is not None or len(known.partitions) != self._settings.partitions:
                raise UserError(f"there is no topic {name} with {self._settings.partitions} partitions; run `tickerplant topics apply`")
            for number in numbers:
                found[topic, number] = self._consumer.get_watermark_offsets(TopicPartition(name, number), _TIMEOUT_S)
        return found

    def read(self, bounds: dict[Place, tuple[int, int]]) -> Iterator[InputRecord]:
        """Records of [start, end) of each place, in order within one."""
        topics = {self._settings.topic(topic): topic for topic, _ in bounds}
        ends = {(self._settings.topic(topic), number): end for (topic, number), (start, end) in bounds.items() if start < end}
        starts = [
            TopicPartition(self._settings.topic(topic), number, start) for (topic, number), (start, end) in bounds.items() if start < end
        ]
        self._consumer.assign(starts)
        silent = 0
        while ends and silent < _SILENT_POLLS:
            message = self._consumer.poll(0.5)
            silent = silent + 1 if message is None else 0
            if message is None:
                continue
            if message.error():
                raise UserError(f"the log cannot be read: {message.error().str()}")
            place = (message.topic(), message.partition())
            if message.offset() < ends.get(place, 0):
                yield _record(topics[message.topic()], message)
            if message.offset() >= ends.get(place, 0) - 1:
                ends.pop(place, None)


@contextmanager
def open_log(settings: KafkaSettings, bootstrap: str) -> Iterator[Log]:
    """The log of a cluster."""
    consumer = kafka.consumer(settings, bootstrap, f"{settings.group_prefix}.alerts-reader", fetch_wait_max_ms=10)
    try:
        yield Log(consumer, settings)
    except KafkaException as error:
        raise UserError(
            f"Kafka does not answer ({kafka.said(error)}); start the stack with `tickerplant up` or set kafka.bootstrap_servers"
        ) from None
    finally:
        consumer.close()


def _record(topic: Topic, message: Message) -> InputRecord:
    return InputRecord(
        topic,
        message.partition(),
        message.offset(),
        message.key(),
        message.value() or b"",
        headers_of(message.headers()),
        message.timestamp()[1],
    )
