"""What the gateway asks the broker itself: which topics there are, with their ids and partitions. Blocks; never called on the event loop."""

from typing import Any, NamedTuple

from confluent_kafka import KafkaException, TopicCollection

from gateway.series import CHANNELS
from runtime.errors import TransientError
from runtime.kafka import admin_client, said
from runtime.settings import KafkaSettings
from schemas.topics import Topic

_TIMEOUT_S = 4.0


class TopicState(NamedTuple):
    """topic_id: changes when a topic is deleted and made again, so positions of another id mean nothing."""

    topic_id: str
    partitions: int

    def is_other_than(self, known: "TopicState") -> bool:
        """True if what was read under the known state cannot be gone on with. Fewer partitions are a broker that is still starting."""
        return self.topic_id != known.topic_id or self.partitions > known.partitions


class Broker:
    """An admin client for the gateway's topics."""

    def __init__(self, kafka: KafkaSettings, bootstrap: str) -> None:
        self._names = {topic: kafka.topic(topic) for topic in CHANNELS}
        self._admin = admin_client(kafka, bootstrap, reconnect_backoff_max_ms=1000)

    def topics(self) -> dict[Topic, TopicState]:
        """Raises TransientError, with what is missing in it, if Kafka does not answer or a topic is not there."""
        try:
            futures = self._admin.describe_topics(TopicCollection(list(self._names.values())), request_timeout=_TIMEOUT_S)
            return {topic: self._state(name, futures[name].result(_TIMEOUT_S + 1)) for topic, name in self._names.items()}
        except (KafkaException, TimeoutError) as error:
            raise TransientError(_sentence(error)) from error

    @staticmethod
    def _state(name: str, description: Any) -> TopicState:
        if not description.partitions:
            raise TransientError(f"Kafka does not know the partitions of {name} yet")  # so for a moment after a broker's start
        return TopicState(str(description.topic_id), len(description.partitions))


def _sentence(error: Exception) -> str:
    detail = said(error) if isinstance(error, KafkaException) else "no answer in time"
    if "nknown topic" in detail:
        return "a topic is missing: run `tickerplant topics apply`"
    return f"Kafka does not answer: {detail}"
