"""Which bars a source published last, read from the tail of market.bars.raw at start."""

from collections.abc import Iterable
from functools import partial

from confluent_kafka import KafkaException, Message

from ingestors.polling.sent_bars import SentBars, SeriesKey
from ingestors.resume import read_back, tail_reader
from runtime.errors import TransientError
from runtime.settings import KafkaSettings
from schemas.codec import DecodeError, decode_provider_bar
from schemas.partitioner import partition_of
from schemas.topics import Topic


def read_sent_bars(kafka: KafkaSettings, bootstrap: str, source: str, wanted: Iterable[SeriesKey], kept: int) -> SentBars:
    """kept: bars of a series that are remembered. Blocks until read. Raises TransientError if the broker does not answer. What is too far back counts as new."""
    sent = SentBars(kept)
    by_partition: dict[int, set[SeriesKey]] = {}
    for symbol, timeframe in wanted:
        by_partition.setdefault(partition_of(symbol, kafka.partitions), set()).add((symbol, timeframe))
    client = tail_reader(kafka, bootstrap)
    try:
        for partition, series in by_partition.items():
            topic = kafka.topic(Topic.BARS_RAW)
            read_back(client, topic, partition, partial(take_bar, sent, source), partial(sent.holds, series))
    except KafkaException as error:
        raise TransientError(f"cannot read which bars were published last: {error}") from error
    finally:
        client.close()
    return sent


def take_bar(sent: SentBars, source: str, message: Message) -> None:
    """Tails are read from newer to older."""
    try:
        bar = decode_provider_bar(message.value() or b"")
    except DecodeError:
        return
    if bar.source == source:
        sent.take(bar)
