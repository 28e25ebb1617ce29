"""Writes a TickSource to a tick topic, with the headers that an ingestor writes: as fast as the broker takes it, or at a steady rate.

`python -m bench.tick_writer ...` is the steady one, in a process of its own.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

import typer

from bench.tick_source import Segment, TickSource, symbols_of
from ingestors.flush_pace import FlushPace
from ingestors.stamps import Stamps
from runtime.kafka import Publisher
from runtime.settings import IngestSettings, KafkaSettings
from schemas.headers import SYMBOLS
from schemas.topics import Topic

WATERMARK_S = 0.25  # as ingest.watermark_interval_s
SOURCE = "bench"
_ENVELOPE_TICKS = 500  # as ingest.flush_ticks
_MINUTE_NS = 60_000_000_000


class TickWriter:
    """Sends segments as envelopes, all of a partition that come together in one."""

    def __init__(self, source: TickSource, publisher: Publisher) -> None:
        self._source = source
        self._publisher = publisher
        self._stamps = Stamps()

    def send(self, segments: Sequence[Segment]) -> int:
        """Returns how many ticks that were."""
        by_partition: defaultdict[int, list[Segment]] = defaultdict(list)
        for segment in segments:
            by_partition[segment.partition].append(segment)
        for own in by_partition.values():
            step = max(1, _ENVELOPE_TICKS // own[0].trades)
            for begin in range(0, len(own), step):
                self._envelope(own[begin : begin + step])
        self._publisher.poll()
        return sum(one.trades for one in segments)

    def _envelope(self, segments: Sequence[Segment]) -> None:
        now_ns = time.time_ns()
        headers = self._stamps.headers("ticks", now_ns)
        headers[SYMBOLS] = b",".join({one.symbols for one in segments})
        self._publisher.send(Topic.TICKS_RAW, segments[0].partition, self._source.envelope(segments, now_ns), None, headers)

    def watermark(self, ts_event_ns: int) -> None:
        """To every partition."""
        now_ns = time.time_ns()
        for partition in range(self._source.partitions):
            value = self._source.watermark(partition, ts_event_ns, now_ns)
            self._publisher.send(Topic.TICKS_RAW, partition, value, None, self._stamps.headers("watermark", now_ns))


def write_all(source: TickSource, publisher: Publisher, ticks: int, ticks_per_event_s: float, start_ns: int) -> int:
    """Envelopes of one segment each, with watermarks, until there are that many ticks; returns how many. Blocks until all is delivered."""
    writer, made, next_ns, event_ns = TickWriter(source, publisher), 0, start_ns, start_ns
    while made < ticks:
        event_ns = start_ns + round(made / ticks_per_event_s * 1e9)
        made += writer.send([source.segment(event_ns)])
        if event_ns >= next_ns:
            writer.watermark(event_ns)
            next_ns = event_ns + round(WATERMARK_S * 1e9)
    publisher.flush()
    return made


def write_past(source: TickSource, publisher: Publisher, minutes: int, rate: float) -> None:
    """A trade of every symbol in each of the minutes before now, `rate` ticks a second."""
    writer, made, start_s, now_ns = TickWriter(source, publisher), 0, time.monotonic(), time.time_ns()
    for event_ns in range(now_ns - minutes * _MINUTE_NS, now_ns, _MINUTE_NS):
        made += writer.send([source.segment(event_ns) for _ in range(source.groups)])
        writer.watermark(event_ns)
        time.sleep(max(0.0, start_s + made / rate - time.monotonic()))
    publisher.flush()


def write_steadily(source: TickSource, publisher: Publisher, rate: float, seconds: float, speed: float) -> tuple[int, float]:
    """That many ticks a second, in envelopes that wait as an ingestor's do; event time begins now and runs `speed` times as fast as the machine's. Returns how
    many were written, and in which time."""
    pace = FlushPace(IngestSettings().flush_interval_s, IngestSettings().flush_most_s)
    writer, made, start_s, start_ns, watermark_s = TickWriter(source, publisher), 0, time.monotonic(), time.time_ns(), 0.0
    while (passed_s := time.monotonic() - start_s) < seconds:
        segments, waiting = [], 0
        event_ns = start_ns + round(passed_s * speed * 1e9)
        while made + waiting < passed_s * rate:
            segments.append(source.segment(event_ns))
            waiting += segments[-1].trades
        made += writer.send(segments)
        pace.take(waiting, time.monotonic())
        if passed_s >= watermark_s:
            writer.watermark(event_ns)
            watermark_s = passed_s + WATERMARK_S
        time.sleep(pace.wait_s)
    writer.watermark(start_ns + round(seconds * speed * 1e9))
    publisher.flush()
    return made, time.monotonic() - start_s


def main(
    bootstrap: str,
    topic: str,
    rate: Annotated[float, typer.Option(help="Ticks a second.")] = 100_000,
    seconds: float = 60.0,
    symbols: int = 200,
    group: Annotated[int, typer.Option(help="Symbols that trade together.")] = 10,
    partitions: int = 4,
    prefix: Annotated[str, typer.Option(help="Of the symbols' names: trades seen before are dropped.")] = "S",
    speed: Annotated[float, typer.Option(help="Event time to real time.")] = 1.0,
    past_minutes: Annotated[int, typer.Option(help="Before it, a trade of each symbol in so many minutes.")] = 0,
    past_rate: Annotated[float, typer.Option(help="Of these, ticks a second: each closes a bar.")] = 1_200,
) -> None:
    """Prints how many ticks were written but for those of the past, and in how many seconds."""
    kafka = KafkaSettings(partitions=partitions, topic_names={Topic.TICKS_RAW: topic})
    source = TickSource(SOURCE, symbols_of(symbols, partitions, prefix), partitions, group)
    publisher = Publisher(kafka, bootstrap)
    write_past(source, publisher, past_minutes, past_rate)
    print(*write_steadily(source, publisher, rate, seconds, speed), flush=True)


if __name__ == "__main__":
    typer.run(main)
