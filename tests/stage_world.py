"""Runs the counting stage as a process on a line's real Kafka, feeds it, and compares its outputs with what the core alone gives."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from runtime.clock import SystemClock
from runtime.errors import InvalidRecord, TransientError
from runtime.faust_stage.snapshots import SnapshotStore
from runtime.health import run_file
from runtime.kafka import Publisher, consumer
from runtime.stage import InputRecord
from schemas.codec import decode_dead_letter
from schemas.dead_letters import DeadLetter
from schemas.headers import IDENTITY, TRACE
from schemas.identity import SeenIdentities
from schemas.topics import Topic
from tests.counting_stage import INPUT, OUTPUT, PROCESS, STATE, CountingCore
from tests.support import ROOT, eventually

STATE_STORE_GROUP = "counting"


class Record(NamedTuple):
    """One record read from a topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: dict[str, bytes]


class StageWorld:
    """One line, one stage, any number of its workers."""

    def __init__(self, line: Any, folder: Path) -> None:
        self.line = line
        self.kafka = line.settings.kafka
        self.bootstrap = line.addresses.kafka
        self.group = f"{self.kafka.group_prefix}.counting"
        self._folder = folder
        self._publisher = Publisher(self.kafka, self.bootstrap)
        self._fed = 0

    def start(self, instance: int = 0, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """A worker; each instance has a log of its own."""
        settings = {"TICKERPLANT_KAFKA__SESSION_TIMEOUT_S": "6", **env}
        with (self._folder / f"stage-{instance}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.counting_stage", str(instance), *arguments],
                env=self.line.env(**settings), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
            )  # fmt: skip

    def feed(
        self,
        values: Iterable[str | bytes | None],
        partition: int | None = None,
        headers: dict[str, bytes] | None = None,
        topic: Topic = INPUT,
    ) -> None:
        """One record a value, dealt to the partitions in turn unless one is named, with two keys a partition."""
        for value in values:
            number, self._fed = self._fed, self._fed + 1
            place = number % self.kafka.partitions if partition is None else partition
            key = f"key-{place}-{number // self.kafka.partitions % 2}".encode()
            data = value.encode() if isinstance(value, str) else value
            self._publisher.send(topic, place, data, key, {TRACE: f"trace-{number}".encode()} if headers is None else headers)
        self._publisher.flush()

    def read(self, topic: Topic) -> list[Record]:
        """All that is in the topic now, partition by partition."""
        reader = consumer(self.kafka, self.bootstrap, f"{self.line.name}.test", enable_partition_eof=True, fetch_wait_max_ms=10)
        try:
            return [one for partition in range(self.kafka.partitions) for one in _read(reader, self.kafka.topic(topic), partition)]
        finally:
            reader.close()

    def outputs(self) -> dict[int, list[bytes]]:
        """Values of each partition, repeats dropped as a reader drops them."""
        seen, values = SeenIdentities(), defaultdict(list)
        for record in self.read(OUTPUT):
            if not seen.is_repeat(record.headers[IDENTITY]):
                values[record.partition].append(record.value)
        return dict(values)

    def expected(self) -> dict[int, list[bytes]]:
        """What a core gives that reads each partition once, without any crash."""
        cores = {partition: CountingCore(partition) for partition in range(self.kafka.partitions)}
        values = defaultdict(list)
        for record in self.read(INPUT):
            values[record.partition] += _apply(cores[record.partition], record)
        return dict(values)

    def dead_letters(self) -> list[DeadLetter]:
        return [decode_dead_letter(record.value) for record in self.read(Topic.DLQ)]

    def ends(self, topic: Topic = INPUT) -> dict[int, int]:
        """End offset of each partition."""
        reader = consumer(self.kafka, self.bootstrap, f"{self.line.name}.test")
        try:
            name = self.kafka.topic(topic)
            return {partition: _end(reader, name, partition) for partition in range(self.kafka.partitions)}
        finally:
            reader.close()

    def committed(self) -> dict[int, int]:
        """The group's offset of each partition that has one."""
        reader = consumer(self.kafka, self.bootstrap, self.group)
        places = [TopicPartition(self.kafka.topic(INPUT), partition) for partition in range(self.kafka.partitions)]
        try:
            found = _answer(lambda: reader.committed(places, timeout=10))
            return {one.partition: one.offset for one in found if one.offset >= 0}
        finally:
            reader.close()

    def covered(self) -> dict[int, int]:
        """The offset that the newest snapshot of each partition covers."""
        store = SnapshotStore(STATE_STORE_GROUP, STATE, self.kafka, self.bootstrap, SystemClock())
        snapshots = store.read(range(self.kafka.partitions))
        return {partition: one.next_offsets[INPUT.value] for partition, one in snapshots.items() if one}

    def await_committed(self, timeout_s: float = 60.0) -> None:
        """Until everything that was fed is processed and committed."""
        ends = {partition: end for partition, end in self.ends().items() if end}
        eventually(lambda: self.committed() == ends, timeout_s, 0.1)

    def url(self, path: str, process: str = PROCESS) -> str:
        """Of a running worker's health server."""
        return str(json.loads(run_file(self.line.settings.data_dir, process).read_text())["health"]) + path

    def marker(self, point: str, process: str = PROCESS) -> Path:
        """Exists once the process was killed at the point."""
        return self.line.settings.data_dir / "run" / f"killed.{process}.{point}"

    def log(self) -> str:
        """What all workers said."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("stage-*.log")))

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Log lines of all workers with this event, oldest first."""
        entries = [json.loads(line) for line in self.log().splitlines() if line.startswith("{") and line.endswith("}")]
        return sorted((entry for entry in entries if entry["event"] == event), key=lambda entry: str(entry["timestamp"]))


def stop(process: subprocess.Popen[bytes]) -> int:
    """SIGTERM; the exit code."""
    process.terminate()
    return process.wait(timeout=30)


def stop_all(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """At the end of a test, whatever happened."""
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


def _answer(ask: Callable[[], Any]) -> Any:
    """The broker's answer, asked again while it has no leader or coordinator: topics and brokers have just come up."""

    def asked() -> tuple[Any] | None:
        try:
            return (ask(),)
        except KafkaException:
            return None

    return eventually(asked)[0]


def _end(reader: Consumer, topic: str, partition: int) -> int:
    return int(_answer(lambda: reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=10))[1])


def _apply(core: CountingCore, record: Record) -> list[bytes]:
    while True:
        try:
            outputs = core.apply(InputRecord(INPUT, record.partition, record.offset, record.key, record.value))
            return [output.value for output in outputs]
        except TransientError:
            continue
        except InvalidRecord:
            return []


def _read(reader: Consumer, topic: str, partition: int) -> list[Record]:
    end = _end(reader, topic, partition)
    reader.assign([TopicPartition(topic, partition, 0)])
    records: list[Record] = []
    while end:
        message: Message | None = reader.poll(10)
        assert message is not None, f"no answer from {topic}/{partition}"
        if message.error():
            return records
        records.append(Record(partition, message.offset(), message.key(), message.value() or b"", dict(message.headers() or [])))
        if message.offset() >= end - 1:
            return records
    return records
