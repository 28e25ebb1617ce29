"""Where input partitions begin and end, asked on a connection of its own.

A broker answers the requests of a connection one after the other. Faust's client asks on the one on which it waits up to 1.5 s for records, and two questions
there took 3 s at every start on a log to which nothing is written.
"""

from collections.abc import Iterable

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from runtime.errors import FatalError
from runtime.kafka import admin_client, said
from runtime.settings import KafkaSettings

_ANSWER_TIMEOUT_S = 10.0
_PATIENCE_S = 60.0  # a broker that restarts meanwhile is back by then; below Faust's 90 s for the whole step
Place = tuple[str, int]  # (physical topic, partition)
Limits = dict[Place, tuple[int, int]]  # the first offset that is still there, the next one to be written


def read_limits(kafka: KafkaSettings, bootstrap: str, places: Iterable[Place]) -> Limits:
    """Blocks; asks again while the broker does not answer. Raises FatalError after 60 s."""
    retrying = Retrying(
        retry=retry_if_exception_type(KafkaException),
        wait=wait_exponential_jitter(multiplier=0.2, max=5.0),
        stop=stop_after_delay(_PATIENCE_S),
        reraise=True,
    )
    try:
        return retrying(_ask, kafka, bootstrap, list(places))
    except KafkaException as error:
        raise FatalError(f"Kafka at {bootstrap} does not tell where the inputs begin and end: {said(error)}") from error


def _ask(kafka: KafkaSettings, bootstrap: str, places: list[Place]) -> Limits:
    """A new client each time: one that knew the broker before its restart keeps asking with the old leader epoch."""
    admin = admin_client(kafka, bootstrap)
    firsts, ends = (
        admin.list_offsets({TopicPartition(*place): which for place in places}, request_timeout=_ANSWER_TIMEOUT_S)
        for which in (OffsetSpec.earliest(), OffsetSpec.latest())
    )
    found = {(place.topic, place.partition): int(answer.result().offset) for place, answer in firsts.items()}
    return {
        (place.topic, place.partition): (found[place.topic, place.partition], int(answer.result().offset)) for place, answer in ends.items()
    }
