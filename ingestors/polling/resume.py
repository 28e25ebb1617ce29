"""Which bars a source published last, read from the tail of market.bars.raw at start."""

from collections.abc import Iterable
from functools import partial

from confluent_kafka import KafkaException, Message

from ingestors.resume import read_back, tail_reader
from runtime.errors import TransientError
from runtime.settings import KafkaSettings
from schemas.codec import DecodeError, decode_provider_bar
from schemas.partitioner import partition_of
from schemas.topics import Topic

Newest = dict[tuple[str, str], int]
"""By symbol and timeframe: ts_open_ns."""


def read_newest_bars(kafka: KafkaSettings, bootstrap: str, source: str, wanted: Iterable[tuple[str, str]]) -> Newest:
    """wanted: (symbol, timeframe). Blocks until read. Raises TransientError if the broker does not answer. What is too far back counts as new."""
    newest: Newest = {}
    by_partition: dict[int, set[tuple[str, str]]] = {}
    for symbol, timeframe in wanted:
        by_partition.setdefault(partition_of(symbol, kafka.partitions), set()).add((symbol, timeframe))
    client = tail_reader(kafka, bootstrap)
    try:
        for partition, series in by_partition.items():
            topic = kafka.topic(Topic.BARS_RAW)
            read_back(client, topic, partition, partial(take_bar, newest, source), partial(_has_all, newest, series))
    except KafkaException as error:
        raise TransientError(f"cannot read which bars were published last: {error}") from error
    finally:
        client.close()
    return newest


def _has_all(newest: Newest, series: set[tuple[str, str]]) -> bool:
    return series <= newest.keys()


def take_bar(newest: Newest, source: str, message: Message) -> None:
    """The newest one holds; tails are read from newer to older."""
    try:
        bar = decode_provider_bar(message.value() or b"")
    except DecodeError:
        return
    if bar.source == source:
        key = (bar.symbol, bar.timeframe)
        newest[key] = max(newest.get(key, 0), bar.ts_open_ns)
