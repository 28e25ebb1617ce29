"""How many records a topic holds, asked of the broker without reading them."""

from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from runtime.kafka import consumer
from runtime.settings import KafkaSettings

_NOT_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART)


class TopicEnds:
    """Counts records of one topic since it was made, by end offsets. For one thread, inside a `with` block."""

    def __init__(self, kafka: KafkaSettings, bootstrap: str, topic: str) -> None:
        self._consumer: Consumer = consumer(kafka, bootstrap, "bench.ends")
        self._counted = 0
        self._partitions = [TopicPartition(topic, number) for number in range(kafka.partitions)]

    def count(self) -> int:
        """Blocks for a round trip a partition, at most five seconds each. A topic so new that it has no leader yet keeps the count before."""
        try:
            self._counted = sum(self._consumer.get_watermark_offsets(one, timeout=5, cached=False)[1] for one in self._partitions)
        except KafkaException as error:
            if error.args[0].code() not in _NOT_YET:
                raise
        return self._counted

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()
