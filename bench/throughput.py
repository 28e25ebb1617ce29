"""Replay to tables: recorded frames through the exchange server, the unchanged ingestor, all stages and sinks, into an own fresh stack.

As long a recording goes through first: a Java machine that has just started spends half its time on compiling.
"""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.kafka_ends import TopicEnds
from bench.local_stack import SERVERS, LocalStack
from bench.usage import Sampler, Usage
from schemas.topics import SPECS, Topic

MEMORY_LIMIT_MB = 120.0
TARGET_TICKS_PER_S = 60_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process. core_s_per_million: core-seconds for a million ticks; rss and peak in MB."""

    core_s: float
    core_s_per_million: float
    rss_mb: float
    peak_mb: float
    over_limit: bool


@dataclass(frozen=True, slots=True)
class Throughput:
    """ticks: rows in market_ticks. ticks_per_record: on market.ticks.raw, watermarks counted as records; every reader pays by the record. seconds: from the first record on market.ticks.raw to the last row. topic_bytes: on the broker's disk."""

    ticks: int
    ticks_per_record: float
    seconds: float
    ticks_per_s: float
    reaches_target: bool
    processes: dict[str, Cost]
    core_s_per_million: float
    topic_bytes_per_million: dict[str, int]


def measure(stack: LocalStack, warm_up: Path, capture: Path) -> Throughput:
    """Replays both; blocks until every row is stored, at most five minutes each."""
    _replay(stack, warm_up)
    rows, records = _rows(stack), _raw_records(stack)
    seconds, usage = _replay(stack, capture)
    ticks = _rows(stack) - rows
    costs = {name: cost(one, ticks, name) for name, one in usage.items()}
    return Throughput(
        ticks=ticks,
        ticks_per_record=ticks / max(_raw_records(stack) - records, 1),
        seconds=seconds,
        ticks_per_s=ticks / seconds,
        reaches_target=ticks / seconds >= TARGET_TICKS_PER_S,
        processes=costs,
        core_s_per_million=sum(one.core_s_per_million for one in costs.values()),
        topic_bytes_per_million=topic_sizes(stack, rows + ticks),
    )


def _replay(stack: LocalStack, capture: Path) -> tuple[float, dict[str, Usage]]:
    """Seconds from the first record on market.ticks.raw to the last row, and what every process used meanwhile."""
    pids = stack.pids()
    before = _raw_records(stack)
    feed = stack.start("replay", str(capture), "--speed", "max", "--json")
    try:
        started = _wait_for_record(stack, feed, before)
        with Sampler(lambda: pids | feed_pids(feed.pid)) as sampler:
            seconds = _wait_for_rows(stack, feed, started)
    finally:
        if feed.poll() is None:
            feed.terminate()
        errors = feed.communicate(timeout=60)[1]
    if feed.returncode:
        raise RuntimeError(f"the replay ended with {feed.returncode}: {errors[-2000:]}")
    return seconds, sampler.usage(started + seconds)  # what comes after the last row is the command's own counting of topics


def feed_pids(feed: int) -> dict[str, int]:
    """The feed's own processes: the exchange server is inside `replay`, the ingestor is its only child."""
    try:
        children = psutil.Process(feed).children()
    except psutil.NoSuchProcess:
        return {}
    return {"replay": feed, **({"ingest-binance": children[0].pid} if children else {})}


def cost(usage: Usage, ticks: int, name: str) -> Cost:
    """The limit holds for processes of ours, not for the servers."""
    peak_mb = usage.peak_bytes / 1e6
    return Cost(
        core_s=usage.core_s,
        core_s_per_million=usage.core_s * 1e6 / max(ticks, 1),
        rss_mb=usage.rss_bytes / 1e6,
        peak_mb=peak_mb,
        over_limit=name not in SERVERS and peak_mb > MEMORY_LIMIT_MB,
    )


def _raw_ends(stack: LocalStack) -> TopicEnds:
    kafka = stack.settings.kafka
    return TopicEnds(kafka, stack.addresses.kafka, kafka.topic(Topic.TICKS_RAW))


def _raw_records(stack: LocalStack) -> int:
    with _raw_ends(stack) as ends:
        return ends.count()


def _wait_for_record(stack: LocalStack, feed: subprocess.Popen[str], before: int, timeout_s: float = 60) -> float:
    with _raw_ends(stack) as ends:
        deadline = time.monotonic() + timeout_s
        while ends.count() <= before:
            if feed.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nothing reached {Topic.TICKS_RAW}")
            time.sleep(0.02)
    return time.monotonic()


def _wait_for_rows(stack: LocalStack, feed: subprocess.Popen[str], started: float) -> float:
    """Seconds until the last row: watches how far the sink is by its own offsets, which move in the rows' transaction."""
    last_change, before = started, -1
    with psycopg.connect(stack.addresses.postgres, autocommit=True) as connection:
        while True:
            now = _stored_offsets(connection)
            if now != before:
                last_change, before = time.monotonic(), now
            elif feed.poll() is not None and time.monotonic() - last_change > 1.0:
                return last_change - started
            if time.monotonic() - started > 300:
                raise RuntimeError("the feed was not stored within five minutes")
            time.sleep(0.05)


def _stored_offsets(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT coalesce(sum(next_offset), 0) FROM kafka_offsets").fetchone()
    return int(row[0]) if row else 0


def _rows(stack: LocalStack) -> int:
    with psycopg.connect(stack.addresses.postgres) as connection:
        row = connection.execute("SELECT count(*) FROM market_ticks").fetchone()
    return int(row[0]) if row else 0


def topic_sizes(stack: LocalStack, ticks: int) -> dict[str, int]:
    """Bytes of every topic's segments for a million ticks: what the sizing table in docs/reference/topics.md is made from."""
    names = {stack.settings.kafka.topic(topic): topic for topic in SPECS}
    sizes: dict[str, int] = {}
    for segment in stack.data_dir.rglob("*.log"):
        topic = names.get(segment.parent.name.rpartition("-")[0])
        if topic:
            sizes[topic] = sizes.get(topic, 0) + segment.stat().st_size
    return {topic: round(size * 1e6 / max(ticks, 1)) for topic, size in sorted(sizes.items())}
