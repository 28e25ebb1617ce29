"""From the socket to Kafka: one real ingestor process of one provider, a venue in a process of its own before it, the broker behind it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from bench import frame_source
from bench.figures import Spread, spread
from bench.frame_feed import FrameFeed
from bench.ingest_reader import ArrivalReader, RawTopic, Stretch
from bench.local_stack import LocalStack
from bench.own_line import OwnLine
from bench.throughput import Cost, cost
from bench.usage import Usage
from runtime.kafka import admin_client
from runtime.settings import IngestSettings
from schemas.topics import Topic

SYMBOLS = 100  # what one connection carries
TARGET_MESSAGES_PER_S = 100_000
LATENCY_RATE = 20_000
TARGET_P99_MS = 5.0
AT_ONCE_S = IngestSettings().flush_interval_s  # what a tick waits at least
INGESTOR, SERVER, BROKER = "ingest-binance", "venue", "kafka"
_CORES = 2  # of the target
_PROCESSED_S = 300.0


@dataclass(frozen=True, slots=True)
class FullPace:
    """messages_per_s: by the broker's stamps of the first and the last record; core_messages_per_s: what two cores would carry if all
    else left them alone, the ingestor on one of them at most and the broker beside it; sent_s: how long the venue wrote. Costs by process, a million messages.
    """

    messages: int
    records: int
    messages_per_s: float
    core_messages_per_s: float
    sent_s: float
    processes: dict[str, Cost]


@dataclass(frozen=True, slots=True)
class Paced:
    """Of every message, from its receipt: appended: to the broker's stamp, whole ms, rounded up, with nobody reading; read: until a plain consumer has it,
    which takes its part of cores and broker. sent_to_read: of trades, from the venue's own ms. processes: with nobody reading.
    """

    asked_per_s: float
    messages_per_s: float
    messages_per_record: float
    appended: Spread
    read: Spread
    sent_to_read: Spread
    processes: dict[str, Cost]


@dataclass(frozen=True, slots=True)
class Ingest:
    """reached: by the wall's clock; reached_by_core_time: by what the processes used. paced: as the settings are, for readers on the same cores; at_once: where
    readers have cores of their own, with `ingest.flush_most_s` at AT_ONCE_S; in_time: of the latter."""

    full: FullPace
    reached: bool
    reached_by_core_time: bool
    paced: Paced
    at_once: Paced
    in_time: bool


def measure(stack: LocalStack, messages: int, seconds: float, warm_up_s: float) -> Ingest:
    """messages: at full pace, after half as many to warm up; seconds: at the steady rate, after warm_up_s, four times. Blocks. The caller holds our other processes still."""
    broker = stack.pids()[BROKER]
    with _ingestor(stack, "ingest", {}) as (line, feed):
        done = _passed_on(line, feed.play(messages // 2)[0])
        full = _full(line, feed, broker, messages, done)
        paced = _paced(line, feed, broker, seconds, warm_up_s)
    with _ingestor(stack, "ingest-at-once", {"INGEST__FLUSH_MOST_S": str(AT_ONCE_S)}) as (line, feed):
        at_once = _paced(line, feed, broker, seconds, warm_up_s)
    return Ingest(
        full,
        full.messages_per_s >= TARGET_MESSAGES_PER_S,
        full.core_messages_per_s >= TARGET_MESSAGES_PER_S,
        paced,
        at_once,
        at_once.read.p99_ms < TARGET_P99_MS,
    )


@contextmanager
def _ingestor(stack: LocalStack, name: str, more: Mapping[str, str]) -> Iterator[tuple[OwnLine, FrameFeed]]:
    """One that has connected to a venue of its own."""
    names = frame_source.symbols(SYMBOLS, stack.settings.kafka.partitions)
    with FrameFeed(names) as feed, OwnLine(stack, name) as line:
        _stamp_by_broker(line)
        line.start_ingestor("binance", _settings(feed.port, names) | more)
        feed.await_reader()
        yield line, feed


def _settings(port: int, names: list[str]) -> dict[str, str]:
    """Quotes are not left out when the broker is behind: every message is to be counted."""
    return {
        "BINANCE__WEBSOCKET_URL": f"ws://127.0.0.1:{port}",
        "BINANCE__REST_URL": f"http://127.0.0.1:{port}",
        "BINANCE__SYMBOLS": json.dumps(names),
        "BINANCE__STREAMS": json.dumps(frame_source.STREAMS),
        "INGEST__CONFLATE_QUOTES": "false",
    }


def _stamp_by_broker(line: OwnLine) -> None:
    """Records of the topic bear the time at which they were appended: a producer's own stamp says nothing of the way."""
    entry = ConfigEntry("message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, line.kafka.topic(Topic.TICKS_RAW), incremental_configs=[entry])
    admin = admin_client(line.kafka, line.bootstrap)  # its questions end with it
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(20)


def _full(line: OwnLine, feed: FrameFeed, broker: int, messages: int, before: int) -> FullPace:
    topic = RawTopic(line)
    try:
        with line.sampler(**{SERVER: feed.pid, BROKER: broker}) as sampler:
            written, sent_s = feed.play(messages)
            _passed_on(line, before + written)
        return full_pace(topic.stretch(written), sent_s, sampler.usage())
    finally:
        topic.close()


def full_pace(found: Stretch, sent_s: float, usage: dict[str, Usage]) -> FullPace:
    costs = _costs(usage, found.ticks)
    return FullPace(found.ticks, found.records, found.ticks_per_s, carried_per_s(costs), sent_s, costs)


def carried_per_s(costs: Mapping[str, Cost]) -> float:
    """By two cores; the venue's side is thought to be elsewhere, as it is."""
    ours = costs[INGESTOR].core_s_per_million
    return 1e6 / max(ours, (ours + costs[BROKER].core_s_per_million) / _CORES)


def _costs(usage: dict[str, Usage], messages: int) -> dict[str, Cost]:
    return {name: cost(one, messages, name) for name, one in usage.items()}


def _paced(line: OwnLine, feed: FrameFeed, broker: int, seconds: float, warm_up_s: float) -> Paced:
    feed.pace(LATENCY_RATE, warm_up_s)
    topic = RawTopic(line)
    try:
        with line.sampler(**{SERVER: feed.pid, BROKER: broker}) as sampler:
            written, took_s = feed.pace(LATENCY_RATE, seconds)
        found = topic.stretch(written)
    finally:
        topic.close()
    read, sent = _watched(line, feed, seconds, warm_up_s)
    rates = (LATENCY_RATE, written / took_s, found.ticks / found.records)
    return Paced(*rates, spread(found.delays_ns), read, sent, _costs(sampler.usage(), written))


def _watched(line: OwnLine, feed: FrameFeed, seconds: float, warm_up_s: float) -> tuple[Spread, Spread]:
    """Again, while a consumer reads along."""
    with ArrivalReader(line) as reader:
        feed.pace(LATENCY_RATE, warm_up_s)
        start_ns = time.time_ns()
        written, _ = feed.pace(LATENCY_RATE, seconds)
        _until(lambda: len(reader.after(start_ns)) >= written, line)
    return spread(reader.after(start_ns)), spread([one for at_ns, one in reader.sent if at_ns >= start_ns])


def _passed_on(line: OwnLine, messages: int) -> int:
    """Blocks until the ingestor has handed so many over to its producer since it began; gives how many."""
    _until(lambda: line.counted(INGESTOR, "tickerplant_ticks_out_total") >= messages, line)
    return messages


def _until(done: Callable[[], bool], line: OwnLine) -> None:
    deadline_s = time.monotonic() + _PROCESSED_S
    while not done():
        line.check(deadline_s)
        time.sleep(0.1)
