"""Before anything is read: do the stage's topics exist, with the partition count that every part of the line has agreed on?"""

from confluent_kafka import KafkaException
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from runtime.errors import UserError
from runtime.faust_stage.spec import StageSpec
from runtime.kafka import admin_client, said
from runtime.settings import KafkaSettings
from schemas.topics import Topic

_PATIENCE_S = 60.0  # a broker that restarts is back by then; a wrong address is not
_ANSWER_TIMEOUT_S = 3.0


def check_topics(spec: StageSpec, kafka: KafkaSettings, bootstrap: str) -> None:
    """Blocks until Kafka answers, at most 60 s. Raises UserError for a missing topic, another partition count, or no answer."""
    counts = _partition_counts(kafka, bootstrap)
    for topic in (*spec.inputs, *spec.outputs, *spec.ephemeral, spec.state, Topic.DLQ):
        name = kafka.topic(topic)
        if name not in counts:
            raise UserError(f"topic {name} does not exist; create the topics with `tickerplant topics apply`")
        if counts[name] != kafka.partitions:
            raise UserError(
                f"topic {name} has {counts[name]} partitions, the settings say {kafka.partitions}: the count never changes under data; "
                f"set kafka.partitions to {counts[name]}, or name new topics in kafka.topic_names"
            )


def _partition_counts(kafka: KafkaSettings, bootstrap: str) -> dict[str, int]:
    admin = admin_client(kafka, bootstrap)
    retrying = Retrying(
        retry=retry_if_exception_type(KafkaException), wait=wait_fixed(0.5), stop=stop_after_delay(_PATIENCE_S), reraise=True
    )
    try:
        found = retrying(admin.list_topics, timeout=_ANSWER_TIMEOUT_S).topics
    except KafkaException as error:
        raise UserError(f"Kafka at {bootstrap} does not answer ({said(error)}); check kafka.bootstrap_servers or start it") from None
    return {name: len(topic.partitions) for name, topic in found.items()}
