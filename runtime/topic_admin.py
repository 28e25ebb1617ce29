"""Topics are created and compared by one explicit step, never by a client. A topic's partition count never changes under data: it decides where a symbol is."""

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, OffsetSpec, ResourceType

from runtime.clock import Clock, SystemClock
from runtime.errors import TransientError, UserError
from runtime.kafka import admin_client, said
from runtime.settings import KafkaSettings
from schemas.topics import SPECS, Topic

_TIMEOUT_S = 20.0
_STATE_SEGMENT_BYTES = 16 * 1024 * 1024  # only closed segments are compacted: small ones keep a state topic small


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic on the broker is not what the settings say. what: `absent`, `partitions`, `replication` or a configuration key."""

    topic: str
    what: str
    wanted: str
    found: str


def wanted_config(topic: Topic) -> dict[str, str]:
    """The broker's configuration keys that a topic must have."""
    spec = SPECS[topic]
    if spec.compacted:
        return {"cleanup.policy": "compact", "segment.bytes": str(_STATE_SEGMENT_BYTES), "min.cleanable.dirty.ratio": "0.2"}
    return {"cleanup.policy": "delete", "retention.ms": str(spec.retention_ms)}


def check(kafka: KafkaSettings, bootstrap: str) -> list[Difference]:
    """Every difference between the broker's topics and the settings; empty if there is none. Blocks up to 20 s a question.

    Raises TransientError if the broker does not answer.
    """
    admin = admin_client(kafka, bootstrap)
    try:
        found = admin.list_topics(timeout=_TIMEOUT_S).topics
        present = [topic for topic in Topic if kafka.topic(topic) in found]
        configs = _configs(admin, [kafka.topic(topic) for topic in present])
    except KafkaException as error:
        raise TransientError(f"Kafka at {bootstrap} does not answer: {said(error)}") from error
    differences: list[Difference] = []
    for topic in Topic:
        name = kafka.topic(topic)
        if topic in present:
            differences += _compare(kafka, topic, found[name].partitions, configs[name])
        else:
            differences.append(Difference(name, "absent", "present", "absent"))
    return differences


def apply(kafka: KafkaSettings, bootstrap: str, clock: Clock | None = None) -> list[Difference]:
    """Creates what is absent, sets retention and compaction that differ, and returns what it changed. Blocks until new topics have leaders.

    Raises UserError for another partition count (nothing is changed then), TransientError if the broker does not answer.
    """
    differences = check(kafka, bootstrap)
    _refuse(differences)
    admin = admin_client(kafka, bootstrap)
    absent = {one.topic for one in differences if one.what == "absent"}
    changes = [one for one in differences if one.what not in ("absent", "replication")]
    try:
        _create(admin, kafka, absent)
        _alter(admin, changes)
        _await_leaders(admin, absent, clock or SystemClock())
    except KafkaException as error:
        raise TransientError(f"Kafka at {bootstrap} refused a change of topics: {said(error)}") from error
    return [one for one in differences if one.what != "replication"]


def _refuse(differences: list[Difference]) -> None:
    for one in differences:
        if one.what == "partitions":
            raise UserError(
                f"topic {one.topic} has {one.found} partitions, the settings say {one.wanted}: the count never changes under data; "
                f"set kafka.partitions to {one.found}, or name new topics in kafka.topic_names"
            )


def _compare(kafka: KafkaSettings, topic: Topic, partitions: dict[int, Any], config: dict[str, str]) -> Iterable[Difference]:
    name = kafka.topic(topic)
    if len(partitions) != kafka.partitions:
        yield Difference(name, "partitions", str(kafka.partitions), str(len(partitions)))
    replicas = min((len(one.replicas) for one in partitions.values()), default=0)
    if replicas != kafka.replication_factor:
        yield Difference(name, "replication", str(kafka.replication_factor), str(replicas))
    for key, value in wanted_config(topic).items():
        if config.get(key) != value:
            yield Difference(name, key, value, config.get(key, "unset"))


def _configs(admin: AdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    answers = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names], request_timeout=_TIMEOUT_S)
    return {resource.name: {key: entry.value for key, entry in answer.result().items()} for resource, answer in answers.items()}


def _create(admin: AdminClient, kafka: KafkaSettings, absent: set[str]) -> None:
    durable = {"min.insync.replicas": str(max(1, kafka.replication_factor - 1))}
    new = [
        NewTopic(kafka.topic(topic), kafka.partitions, kafka.replication_factor, config=wanted_config(topic) | durable)
        for topic in Topic
        if kafka.topic(topic) in absent
    ]
    if new:
        _results(admin.create_topics(new, request_timeout=_TIMEOUT_S))


def _alter(admin: AdminClient, changes: list[Difference]) -> None:
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(one.what, one.wanted, incremental_operation=AlterConfigOpType.SET) for one in changes if one.topic == name
            ],
        )
        for name in sorted({one.topic for one in changes})
    ]
    if resources:
        _results(admin.incremental_alter_configs(resources, request_timeout=_TIMEOUT_S))


def _results(answers: dict[Any, Future[Any]]) -> None:
    for answer in answers.values():
        answer.result()


def _await_leaders(admin: AdminClient, names: set[str], clock: Clock) -> None:
    """Until every partition answers: a broker tells a new partition's leader before that leader knows."""
    deadline_s = clock.monotonic_s() + _TIMEOUT_S
    missing = _without_answer(admin, names)
    while missing:
        if clock.monotonic_s() > deadline_s:
            raise TransientError(f"no leader after {_TIMEOUT_S} s for {', '.join(sorted(missing))}")
        missing = _without_answer(admin, missing)


def _without_answer(admin: AdminClient, names: set[str]) -> set[str]:
    """Topics of these of which some partition does not tell its end yet."""
    if not names:
        return set()
    found = admin.list_topics(timeout=_TIMEOUT_S).topics
    parts = [TopicPartition(name, number) for name in names & found.keys() for number in found[name].partitions]
    answers = admin.list_offsets({part: OffsetSpec.latest() for part in parts}, request_timeout=_TIMEOUT_S)
    late = {part.topic for part, answer in answers.items() if answer.exception() is not None}
    return late | {name for name in names if name not in found or not found[name].partitions}
