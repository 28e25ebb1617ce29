"""Topics, groups and a data folder of their own on a running stack's broker, so that one stage can be measured alone, and again from its beginning."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from bench.kafka_ends import TopicEnds
from bench.local_stack import ROOT, LocalStack
from bench.usage import Sampler
from runtime.health import run_file
from runtime.kafka import Publisher
from runtime.settings import PREFIX, KafkaSettings
from runtime.topic_admin import apply
from schemas.topics import Topic

_START_S = 60.0
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open  # no proxy reaches this machine's own addresses


class OwnLine:
    """Stages of ours that read and write topics named `<name>.<topic>`, inside a `with` block; `shared` are topics of another line, read as input."""

    def __init__(self, stack: LocalStack, name: str, shared: Mapping[Topic, str] | None = None) -> None:
        self.name = name
        self.bootstrap = stack.addresses.kafka
        topics = {topic: f"{name}.{topic.value}" for topic in Topic} | dict(shared or {})
        self.kafka = KafkaSettings(bootstrap_servers=self.bootstrap, topic_names=topics, group_prefix=name)
        self._folder = stack.data_dir / name
        self._environment = stack.environment | {
            f"{PREFIX}KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            f"{PREFIX}KAFKA__TOPIC_NAMES": json.dumps({topic.value: physical for topic, physical in topics.items()}),
            f"{PREFIX}KAFKA__GROUP_PREFIX": name,
            f"{PREFIX}POSTGRES__URL": stack.addresses.postgres,
            f"{PREFIX}REDIS__URL": stack.addresses.redis,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir()
        apply(self.kafka, self.bootstrap)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            _end(process)

    def start(self, *stages: str) -> None:
        """`tickerplant process <stage>` of each. Returns at once."""
        for stage in stages:
            self._start(stage, self._environment, "process", stage)

    def start_sink(self, sink: str, postgres: str) -> None:
        """`tickerplant sink <sink>` on that database, called `sink-<sink>` in what follows. Returns at once."""
        self._start(f"sink-{sink}", self._environment | {f"{PREFIX}POSTGRES__URL": postgres}, "sink", sink)

    def start_ingestor(self, provider: str, settings: Mapping[str, str]) -> None:
        """`tickerplant ingest <provider>` with settings such as BINANCE__REST_URL, called `ingest-<provider>` in what follows. Returns at once."""
        more = {f"{PREFIX}{name}": value for name, value in settings.items()}
        self._start(f"ingest-{provider}", self._environment | more, "ingest", provider)

    def _start(self, name: str, environment: Mapping[str, str], *words: str) -> None:
        line = [sys.executable, "-m", "tickerplant", *words, "--data-dir", str(self._folder)]
        log = self._log(name).open("w")
        self._running[name] = subprocess.Popen(line, env=environment, cwd=ROOT, stdout=log, stderr=log)

    def wait_ready(self) -> None:
        """Until every stage that was started has its partitions. Raises RuntimeError with the end of its log if one ends or takes a minute."""
        deadline_s = time.monotonic() + _START_S
        for stage in self._running:
            while not self._is_ready(stage):
                self.check(deadline_s)
                time.sleep(0.1)

    def check(self, deadline_s: float) -> None:
        """Raises RuntimeError if a stage has ended or the time is over."""
        for stage, process in self._running.items():
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"process {stage} of {self.name} did not do its work: {self._log(stage).read_text()[-2000:]}")

    def sampler(self, **others: int) -> Sampler:
        """Of the running stages, by stage, and of other processes by the name given; 0 is none."""
        pids = {stage: process.pid for stage, process in self._running.items()} | {name: pid for name, pid in others.items() if pid}
        return Sampler(lambda: pids)

    def ends(self, topic: Topic) -> TopicEnds:
        return TopicEnds(self.kafka, self.bootstrap, self.kafka.topic(topic))

    def publisher(self) -> Publisher:
        return Publisher(self.kafka, self.bootstrap)

    def counted(self, stage: str, metric: str) -> float:
        """The sum of one counter of a running stage over its labels; 0 while it does not answer."""
        text = self._get(stage, "metrics")
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{metric}{{"))

    def _is_ready(self, stage: str) -> bool:
        return bool(self._get(stage, "ready"))

    def _get(self, stage: str, page: str) -> str:
        try:
            entry: dict[str, Any] = json.loads(
                run_file(self._folder, stage if stage.startswith(("sink-", "ingest-")) else f"process-{stage}").read_text()
            )
            with _open(f"{entry['health']}/{page}", timeout=5) as answer:
                return str(answer.read().decode())
        except (OSError, ValueError):
            return ""

    def _log(self, stage: str) -> Path:
        return self._folder / f"{stage}.log"


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
