"""What the stages must have written: their cores over the raw topic, each record read once, in this process and without Kafka's help."""

import hashlib
import importlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from runtime.faust_stage import StageSpec
from runtime.settings import Settings
from runtime.stage import InputRecord, StageCore
from schemas.codec import decode_alert
from schemas.headers import IDENTITY
from schemas.identity import SeenIdentities
from schemas.topics import Topic
from tests.stage_world import Record

STAGES = ("validate", "bars", "indicators", "signals", "alerts")
WRITTEN = (Topic.TICKS, Topic.GAPS, Topic.QUALITY, Topic.DLQ, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS, Topic.ALERTS)


class Value(NamedTuple):
    """One record, short: thousands of records with all indicators would take gigabytes. start: its first bytes, for the eye."""

    digest: bytes
    start: bytes

    @classmethod
    def of(cls, value: bytes) -> "Value":
        return cls(hashlib.blake2b(value, digest_size=16).digest(), value[:600])


def expected(settings: Settings, partition: int, records: Iterable[tuple[Topic, Record]]) -> dict[Topic, list[Value]]:
    """Values of every topic of one partition. records: of market.control, then of market.ticks.raw."""
    stages = [(spec.inputs, spec.core(partition)) for spec in (_spec(stage, settings) for stage in STAGES)]
    values: dict[Topic, list[Value]] = defaultdict(list)
    offsets: dict[Topic, int] = defaultdict(int)

    def follow(topic: Topic, record: Record) -> None:
        offset, offsets[topic] = offsets[topic], offsets[topic] + 1
        values[topic].append(Value.of(record.value))
        for core in _readers(stages, topic):
            for output in core.apply(InputRecord(topic, partition, offset, record.key, record.value, dict(record.headers))):
                follow(output.topic, Record(partition, 0, output.key, output.value, {**output.headers}))

    for topic, record in records:
        follow(topic, record)
    values[Topic.ALERTS].sort()
    return {topic: values[topic] for topic in WRITTEN}


def _spec(stage: str, settings: Settings) -> StageSpec:
    spec: StageSpec = importlib.import_module(f"processors.{stage}.agent").spec(settings)
    return spec


def _readers(stages: list[tuple[tuple[Topic, ...], StageCore]], topic: Topic) -> Iterator[StageCore]:
    return (core for inputs, core in stages if topic in inputs)


class Log:
    """One topic of one partition as a reader takes it. repeats: dropped by identity. forged: repeats that are not the same bytes."""

    def __init__(self, topic: Topic, records: Iterable[Record]) -> None:
        self.values: list[Value] = []
        self.repeats = 0
        self.forged: list[bytes] = []
        first: dict[bytes, Value] = {}
        seen = SeenIdentities()
        for record in records:
            identity, value = record.headers[IDENTITY], Value.of(record.value)
            # Alerts follow from several topics, so their own id is what names them (docs/guides/alerts.md).
            is_repeat = _alert_id(record) in first if topic is Topic.ALERTS else seen.is_repeat(identity)
            name = _alert_id(record) if topic is Topic.ALERTS else identity
            if not is_repeat:
                self.values.append(value)
                first[name] = value
                continue
            self.repeats += 1
            if first.get(name) != value:
                self.forged.append(name)
        if topic is Topic.ALERTS:
            self.values.sort()


def _alert_id(record: Record) -> bytes:
    return decode_alert(record.value).alert_id.encode()
