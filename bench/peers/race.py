"""Loads a topic, lets every peer copy it, and reads the speed off the broker: the target topic's end offsets, the same way for all."""

import importlib.util
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bench.kafka_ends import TopicEnds
from bench.local_stack import ROOT
from bench.peers.job import Job
from bench.usage import Sampler
from runtime.kafka import common_config
from runtime.settings import KafkaSettings

PEERS = {
    "bare confluent-kafka": "bench.peers.copy_confluent",
    "quix-streams": "bench.peers.copy_quix",
    "tickerplant stage": "bench.peers.copy_ours",
    "plain Faust": "bench.peers.copy_faust",
}
LIMIT = "bare confluent-kafka"
# Its pins conflict with ours, so it lives in an environment of its own: this variable names the Python of one that has it.
QUIX_PYTHON = "BENCH_QUIX_PYTHON"
_RECORD = (
    b'{"symbol":"BTC-USDT","price":"61652.00000000","size":"0.00120000","ts_event_ns":1723161480000000000,'
    b'"ts_ingest_ns":1723161480001000000,"trade_id":%d,"side":"buy"}'
)


@dataclass(frozen=True, slots=True)
class Result:
    """records_per_s between the first and the last record seen on the target; core_s_per_million of the peer's own process; of_limit: ratio to the bare loop."""

    records: int
    records_per_s: float
    core_s_per_million: float
    of_limit: float = 1.0


def measure(kafka: KafkaSettings, bootstrap: str, folder: Path, records: int, seconds: float) -> dict[str, Result]:
    """One peer after the other over `records` records of one tick, each for at most `seconds` after its first output."""
    admin = AdminClient(common_config(kafka, bootstrap))
    source = "bench.copy.source"
    _create(admin, kafka, source)
    load(kafka, bootstrap, source, records)
    results: dict[str, Result] = {}
    for name, module in PEERS.items():
        python = interpreter(module)
        if python is None:
            continue
        target = f"bench.copy.{module.rpartition('_')[2]}"
        _create(admin, kafka, target, f"{target}.dlq")
        _create(admin, kafka, f"{target}.state", compacted=True)
        job = Job(bootstrap, source, target, f"bench.{target}", folder)
        results[name] = _race(kafka, job, (python, "-m", module), records, seconds)
    limit = results[LIMIT].records_per_s
    return {name: Result(r.records, r.records_per_s, r.core_s_per_million, r.records_per_s / limit) for name, r in results.items()}


def interpreter(module: str) -> str | None:
    """The Python that runs a peer; None for a peer that is not installed."""
    if not module.endswith("quix"):
        return sys.executable
    return os.environ.get(QUIX_PYTHON) or (sys.executable if importlib.util.find_spec("quixstreams") else None)


def load(kafka: KafkaSettings, bootstrap: str, topic: str, records: int) -> None:
    """Fills a topic evenly; returns when all is delivered."""
    producer = Producer(
        common_config(kafka, bootstrap) | {"linger.ms": 20, "compression.type": "lz4", "queue.buffering.max.messages": 500_000}
    )
    for number in range(records):
        while True:
            try:
                producer.produce(topic, _RECORD % number, b"BTC-USDT", number % kafka.partitions)
                break
            except BufferError:
                producer.poll(0.05)
    if producer.flush(60):
        raise RuntimeError("the broker did not take the records within a minute")


def _create(admin: AdminClient, kafka: KafkaSettings, *names: str, compacted: bool = False) -> None:
    config = {"cleanup.policy": "compact"} if compacted else {}
    topics = [NewTopic(name, num_partitions=kafka.partitions, replication_factor=1, config=config) for name in names]
    for future in admin.create_topics(topics).values():
        future.result(30)


def _race(kafka: KafkaSettings, job: Job, command: tuple[str, ...], records: int, seconds: float) -> Result:
    job.folder.mkdir(parents=True, exist_ok=True)
    log = job.folder / f"{job.target}.log"
    with TopicEnds(kafka, job.bootstrap, job.target) as ends, log.open("w") as out:
        process = subprocess.Popen(command, env=os.environ | job.environment(), cwd=ROOT, stdout=out, stderr=out)
        try:
            first_s, first = _wait_for_output(ends, process, log)
            with Sampler(lambda: {"peer": process.pid}) as sampler:
                last_s, last = _watch(ends, records, first_s + seconds)
            core_s = sampler.usage()["peer"].core_s
        finally:
            process.kill()
            process.wait()
    copied = last - first
    return Result(last, copied / (last_s - first_s), core_s * 1e6 / copied)


def _wait_for_output(ends: TopicEnds, process: subprocess.Popen[bytes], log: Path) -> tuple[float, int]:
    deadline = time.monotonic() + 60
    while not (count := ends.count()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{log.stem} copied nothing: {log.read_text()[-2000:]}")
        time.sleep(0.005)
    return time.monotonic(), count


def _watch(ends: TopicEnds, records: int, until_s: float) -> tuple[float, int]:
    while True:
        count, now_s = ends.count(), time.monotonic()
        if count >= records or now_s >= until_s:
            return now_s, count
        time.sleep(0.01)
