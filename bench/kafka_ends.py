"""How many records a topic holds, asked of the broker without reading them."""

from typing import Self

from confluent_kafka import Consumer, TopicPartition

from runtime.kafka import consumer
from runtime.settings import KafkaSettings


class TopicEnds:
    """Counts records of one topic since it was made, by end offsets. For one thread, inside a `with` block."""

    def __init__(self, kafka: KafkaSettings, bootstrap: str, topic: str) -> None:
        self._consumer: Consumer = consumer(kafka, bootstrap, "bench.ends")
        self._partitions = [TopicPartition(topic, number) for number in range(kafka.partitions)]

    def count(self) -> int:
        """Blocks for a round trip a partition, at most five seconds each."""
        return sum(self._consumer.get_watermark_offsets(one, timeout=5, cached=False)[1] for one in self._partitions)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()
