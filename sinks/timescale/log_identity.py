"""Which Kafka cluster and which topics the positions belong to: offsets of another log mean nothing here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException, TopicCollection

from runtime.errors import TransientError
from runtime.kafka import admin_client, said
from runtime.settings import KafkaSettings
from schemas.topics import Topic

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """A topic that was deleted and created again has another id under the same name."""

    cluster_id: str
    topic_ids: Mapping[Topic, str]


def identify(kafka: KafkaSettings, bootstrap: str, topics: Sequence[Topic]) -> LogIdentity:
    """Asks the broker. Raises TransientError if it does not answer or a topic is not there yet."""
    admin = admin_client(kafka, bootstrap)
    names = {kafka.topic(topic): topic for topic in topics}
    try:
        cluster_id = admin.describe_cluster(request_timeout=_TIMEOUT_S).result().cluster_id
        answers = admin.describe_topics(TopicCollection(list(names)), request_timeout=_TIMEOUT_S)
        ids = {names[name]: str(answer.result().topic_id) for name, answer in answers.items()}
    except KafkaException as error:
        raise TransientError(
            f"Kafka does not describe {', '.join(names)}: {said(error)}; `tickerplant topics apply` creates topics"
        ) from error
    return LogIdentity(cluster_id, ids)
