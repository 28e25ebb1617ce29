"""All stages and the TimescaleDB sink as processes on a line's real Kafka and PostgreSQL, with every indicator of the catalogue; to be killed."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition

from runtime.kafka import consumer
from runtime.settings import ProcessSettings
from schemas.topics import Topic
from tests.chaos_feed import Feed
from tests.chaos_oracle import STAGES, WRITTEN, Log, expected
from tests.pipeline import untraced
from tests.stage_world import StageWorld, stop_all
from tests.support import ROOT, eventually

SINK = "timescale"
PROCESSES = (*STAGES, SINK)
_QUICK = {"commit_interval_s": 0.3}
PROCESS: dict[str, Any] = {
    **dict.fromkeys(STAGES, _QUICK),
    "indicators": {"also": ["all"], **_QUICK},
    "timeframes": ["1m", "5m", "1h"],
    "stall_timeout_s": 240,  # a machine that does other things too may hold one up for a minute
}
# What each reads, in the order in which records pass.
INPUTS = {
    "validate": (Topic.TICKS_RAW,),
    "bars": (Topic.TICKS,),
    "indicators": (Topic.BARS,),
    "signals": (Topic.INDICATORS,),
    "alerts": (Topic.CONTROL, Topic.BARS, Topic.INDICATORS, Topic.GAPS, Topic.QUALITY),
    SINK: (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS, Topic.GAPS),
}
Name = tuple[str, int]  # process, instance


class ChaosWorld:
    """Processes by (name, instance), their logs, and the comparison at the end."""

    def __init__(self, line: Any, folder: Path) -> None:
        process = ProcessSettings.model_validate(PROCESS)
        self.settings = line.settings.model_copy(update={"process": process})
        self._topics = StageWorld(line, folder)
        self._folder = folder
        quick = {"TICKERPLANT_KAFKA__SESSION_TIMEOUT_S": "6", "TICKERPLANT_PROCESS": json.dumps(PROCESS)}
        self._env = untraced(line.env(**quick)) | {"PYTHONPATH": str(ROOT)}
        self._running: dict[Name, subprocess.Popen[bytes]] = {}
        self._starts: dict[Name, int] = {}
        self.feed = Feed(line)
        self.repeats: dict[str, int] = {}

    def start(self, *names: str, instance: int = 0) -> None:
        """Those that do not run yet."""
        for name in names:
            if (name, instance) in self._running and self._running[name, instance].poll() is None:
                continue
            self._starts[name, instance] = self._lives(name, instance)
            words = ("sink", name) if name == SINK else ("process", name)
            with self._log_of(name, instance).open("ab") as log:
                self._running[name, instance] = subprocess.Popen(
                    [sys.executable, "-m", "tickerplant", *words, "--instance", str(instance)],
                    env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                )  # fmt: skip

    def works(self, name: str, instance: int = 0) -> bool:
        """Whether it has taken up its partitions since its last start."""
        return self._lives(name, instance) > self._starts[name, instance]

    def await_work(self, *names: str, instance: int = 0) -> None:
        for name in names:
            try:
                eventually(lambda name=name: self.works(name, instance) or self._has_ended(name, instance), 150)  # type: ignore[misc]
            finally:
                assert self.works(name, instance), f"{name}-{instance} does not take up its partitions: {self.log(name, instance)[-5000:]}"

    def kill(self, *names: str, instance: int = 0) -> None:
        """SIGKILL to all of them, then waits for their ends. They must have run until then: one that ended by itself has a fault."""
        dying = [self._running[name, instance] for name in names]
        for name, process in zip(names, dying, strict=True):
            assert process.poll() is None, f"{name} ended by itself with {process.returncode}: {self.log(name, instance)[-3000:]}"
        for process in dying:
            process.kill()
        for process in dying:
            process.wait()

    def terminate(self, *names: str, instance: int = 0) -> None:
        """SIGTERM: all leave in order."""
        for name in names:
            self._running[name, instance].terminate()
        for name in names:
            assert self._running[name, instance].wait(30) == 0, self.log(name, instance)[-3000:]

    def close(self) -> None:
        stop_all(list(self._running.values()))

    def restored(self, name: str, instance: int = 0) -> list[list[int]]:
        """The partitions of each time that a stage's worker took up its own."""
        entries = [json.loads(line) for line in self.log(name, instance).splitlines() if '"partitions_restored"' in line]
        return [entry["partitions"] for entry in entries]

    def log(self, name: str, instance: int = 0) -> str:
        path = self._log_of(name, instance)
        return path.read_text() if path.exists() else ""

    def await_done(self, timeout_s: float = 120.0) -> None:
        """Until each process has committed all that the one before it wrote."""
        for name, topics in INPUTS.items():
            for topic in topics:
                eventually(lambda name=name, topic=topic: self._lag(name, topic) == 0, timeout_s, 0.1)  # type: ignore[misc]

    def assert_exact(self, timeout_s: float = 120.0) -> None:
        """Of every topic 0 lost, 0 twice, all equal to what the oracle has, byte for byte."""
        self.await_done(timeout_s)
        differences = self.differences()
        assert not differences, "\n".join(differences)

    def assert_tables(self) -> None:
        """`verify` audits them, by formulas that share nothing with the stages."""
        words = [sys.executable, "-m", "tickerplant", "verify", "--json"]
        done = subprocess.run(words, env=self._env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert json.loads(done.stdout)["ok"]

    def differences(self) -> list[str]:
        """Of every topic and partition, what is not as the oracle has it; empty if nothing was lost, doubled or changed."""
        raw = {topic: self._by_partition(self._topics.read(topic)) for topic in (Topic.CONTROL, Topic.TICKS_RAW)}
        right = {
            number: expected(self.settings, number, ((topic, one) for topic, logs in raw.items() for one in logs[number]))
            for number in range(self.settings.kafka.partitions)
        }
        found = []
        for topic in WRITTEN:
            logs = {number: Log(topic, records) for number, records in self._by_partition(self._topics.read(topic)).items()}
            self.repeats[topic.value] = sum(log.repeats for log in logs.values())
            for number, values in right.items():
                log = logs.get(number, Log(topic, ()))
                found += [f"{topic}/{number}: the repeat {name!r} is not what it repeats" for name in log.forged]
                found += _difference(f"{topic}/{number}", log.values, values[topic])
        return found

    def written(self, topic: Topic) -> int:
        return sum(self._topics.ends(topic).values())

    def _lag(self, name: str, topic: Topic) -> int:
        """Records that are written and not yet committed by the process's group; those of partitions without any count as none."""
        group = f"{self.settings.kafka.group_prefix}.{f'sink-{name}' if name == SINK else name}"
        physical = self.settings.kafka.topic(topic)
        ends = self._topics.ends(topic)
        reader = consumer(self.settings.kafka, self._topics.bootstrap, group)
        try:
            places = reader.committed([TopicPartition(physical, number) for number in ends], timeout=10)
        finally:
            reader.close()
        return sum(ends[place.partition] - max(0, place.offset) for place in places)

    def _has_ended(self, name: str, instance: int) -> bool:
        return self._running[name, instance].poll() is not None

    def _lives(self, name: str, instance: int) -> int:
        return self.log(name, instance).count('"reading"' if name == SINK else '"partitions_restored"')

    def _log_of(self, name: str, instance: int) -> Path:
        return self._folder / f"{name}-{instance}.log"

    @staticmethod
    def _by_partition(records: Iterable[Any]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for record in records:
            found[record.partition].append(record)
        return found


def _difference(place: str, found: list[Any], right: list[Any]) -> list[str]:
    if found == right:
        return []
    at = next((n for n, (one, other) in enumerate(zip(found, right, strict=False)) if one != other), min(len(found), len(right)))
    pair = [values[at].start if at < len(values) else b"nothing" for values in (found, right)]
    return [f"{place}: {len(found)} records, {len(right)} expected; the first difference at {at}: {pair[0]!r} instead of {pair[1]!r}"]
