"""From a closed bar to its signal on Kafka, and a whole minute's close of many symbols, through the real stages on topics of their own."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from bench.figures import Spread, spread
from bench.own_line import OwnLine
from bench.stage_cores import MINUTE_NS, START_NS, bar_of
from bench.tick_source import TickSource, symbols_of
from bench.tick_writer import SOURCE, TickWriter
from ingestors.stamps import Stamps
from runtime.kafka import Publisher, consumer
from schemas.codec import decode_signal, encode
from schemas.partitioner import partition_of
from schemas.signals import Signal
from schemas.topics import Topic

BAR_TARGET_MS = 10.0
MINUTE_TARGET_S = 1.0
_SYMBOL = "LATENCY-USD"
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Closing:
    """seconds: median of the minutes, from the watermark that closes one to the last of its 1m signals on Kafka."""

    symbols: int
    minutes: int
    seconds: float
    slowest_s: float
    reached: bool


def bar_to_signal(line: OwnLine, bars: int, warm_bars: int, bars_per_s: float = 50.0) -> Spread:
    """One bar at a time to market.bars; blocks until each signal came or is missing for half a minute. warm_bars: before them, left out: the compiler of a broker
    that has just begun works beside the first thousand."""
    line.start("indicators", "signals")
    line.wait_ready()
    publisher, samples = line.publisher(), []
    with _signals(line) as reader:
        for index in range(warm_bars + bars):
            start_ns = time.time_ns()
            _send_bar(line, publisher, index, start_ns)
            _await_signals(reader, START_NS + index * MINUTE_NS, 1)
            samples.append(time.time_ns() - start_ns)
            time.sleep(max(0.0, 1 / bars_per_s - samples[-1] / 1e9))
    return spread(samples[warm_bars:])


def _send_bar(line: OwnLine, publisher: Publisher, index: int, now_ns: int) -> None:
    value = encode(bar_of(_SYMBOL, index, 100 + index % 7, 100 + index % 5))
    headers = Stamps().headers("bar", now_ns)
    publisher.send(Topic.BARS, partition_of(_SYMBOL, line.kafka.partitions), value, _SYMBOL.encode(), headers)
    publisher.poll()


def closing_minutes(line: OwnLine, symbols: int, minutes: int) -> Closing:
    """Each symbol trades once a minute; then the watermark passes the minute's end and its grace. Through validate, bars, indicators and signals."""
    line.start("validate", "bars", "indicators", "signals")
    line.wait_ready()
    source = TickSource(SOURCE, symbols_of(symbols, line.kafka.partitions, "M"), line.kafka.partitions, 50)
    writer = TickWriter(source, publisher := line.publisher())
    with _signals(line) as reader:
        times = [_close(reader, source, writer, publisher, symbols, START_NS + minute * MINUTE_NS) for minute in range(minutes + 1)][1:]
    return Closing(symbols, minutes, median(times), max(times), median(times) < MINUTE_TARGET_S)


def _close(reader: Consumer, source: TickSource, writer: TickWriter, publisher: Publisher, symbols: int, open_ns: int) -> float:
    """Seconds; the first minute, with connections still to be made, is the caller's to leave out."""
    sent = 0
    while sent < symbols:
        sent += writer.send([source.segment(open_ns + MINUTE_NS // 2)])
    publisher.flush()
    time.sleep(1.0)  # the trades are through all stages before the minute ends
    start_s = time.monotonic()
    writer.watermark(open_ns + MINUTE_NS + 2_000_000_000)
    _await_signals(reader, open_ns, symbols)
    return time.monotonic() - start_s


@contextmanager
def _signals(line: OwnLine) -> Iterator[Consumer]:
    reader = consumer(line.kafka, line.bootstrap, f"{line.name}.reader", fetch_wait_max_ms=100)
    topic = line.kafka.topic(Topic.SIGNALS)
    reader.assign([TopicPartition(topic, number, OFFSET_END) for number in range(line.kafka.partitions)])
    reader.poll(1.0)  # the end is looked up before the first signal is written
    try:
        yield reader
    finally:
        reader.close()


def _await_signals(reader: Consumer, open_ns: int, number: int) -> Sequence[Signal]:
    """The 1m signals of the minute that opens then, in the order in which they came."""
    found: list[Signal] = []
    deadline_s = time.monotonic() + _TIMEOUT_S
    while len(found) < number:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"{number - len(found)} of {number} signals did not come within {_TIMEOUT_S:.0f} s")
        message = reader.poll(0.1)
        if message is None or message.error():
            continue
        signal = decode_signal(message.value() or b"")
        if signal.timeframe == "1m" and signal.ts_open_ns == open_ns:
            found.append(signal)
    return found
