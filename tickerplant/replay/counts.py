"""What came out: the records between two sets of offsets, counted one by one, and the rows of the tables."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from confluent_kafka import KafkaException, Message, TopicPartition

from runtime.errors import TransientError
from runtime.kafka import consumer
from runtime.records import headers_of
from runtime.settings import KafkaSettings
from schemas import headers as names
from schemas.codec import decode_dead_letter, decode_raw_ticks
from schemas.identity import SeenIdentities
from schemas.reasons import Reason
from schemas.ticks import TickEnvelope, Trade, Watermark
from schemas.topics import Topic
from sinks.timescale.errors import said as database_said
from tickerplant.replay.offsets import Ends

_TIMEOUT_S = 30.0
_BATCH = 8  # an envelope may be half a megabyte
_FETCH_BYTES = 1024 * 1024  # at a time, of all partitions: what is read is counted and forgotten
COUNTED = (
    Topic.TICKS_RAW,
    Topic.BOOKS_RAW,
    Topic.BARS_RAW,
    Topic.TICKS,
    Topic.BARS,
    Topic.INDICATORS,
    Topic.SIGNALS,
    Topic.GAPS,
    Topic.DLQ,
)
TABLES = ("market_ticks", "market_ohlcv", "technical_indicators", "trading_signals", "market_gaps")


class _Kinds(msgspec.Struct):
    """The fields by which events are told apart in the report."""

    kind: str = ""
    action: str = ""
    channel: str = ""
    state: str = ""


_decode_kinds = msgspec.json.Decoder(_Kinds).decode


@dataclass(slots=True)
class TopicCount:
    """records: without repeats; repeats: the same output written again around a crash; kinds: what the records (or their ticks) are."""

    records: int = 0
    repeats: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def count_topics(kafka: KafkaSettings, bootstrap: str, starts: Ends, ends: Ends) -> dict[Topic, TopicCount]:
    """Reads every record from starts to before ends. Blocks; raises TransientError if the broker gives nothing for 30 s."""
    client = consumer(
        kafka,
        bootstrap,
        f"{kafka.group_prefix}.replay-report",
        fetch_wait_max_ms=10,
        queued_max_messages_kbytes=2_048,
        fetch_max_bytes=_FETCH_BYTES,
    )
    try:
        return {topic: _count_topic(kafka, client, topic, starts, ends) for topic in COUNTED}
    except KafkaException as error:
        raise TransientError(f"cannot count what was written: {error}") from error
    finally:
        client.close()


def _count_topic(kafka: KafkaSettings, client: Any, topic: Topic, starts: Ends, ends: Ends) -> TopicCount:
    name, count = kafka.topic(topic), TopicCount()
    left = {p: (starts[(name, p)], ends[(name, p)]) for p in range(kafka.partitions) if starts[(name, p)] < ends[(name, p)]}
    if not left:
        return count
    client.assign([TopicPartition(name, p, start) for p, (start, _) in left.items()])
    seen, open_partitions = SeenIdentities(), set(left)
    while open_partitions:
        first = client.poll(_TIMEOUT_S)
        if first is None:
            raise TransientError(f"{name} gives nothing for {_TIMEOUT_S:g} s")
        for message in [first, *client.consume(_BATCH, 0)]:
            if message.error():
                raise KafkaException(message.error())
            partition, end = message.partition(), left[message.partition()][1]
            if message.offset() < end:
                _take(topic, message, seen, count)
            if message.offset() + 1 >= end:
                open_partitions.discard(partition)
    client.unassign()
    return count


def _take(topic: Topic, message: Message, seen: SeenIdentities, count: TopicCount) -> None:
    identity = headers_of(message.headers()).get(names.IDENTITY)
    try:
        if identity and seen.is_repeat(identity):
            count.repeats += 1
            return
        kinds = _kinds(topic, message.value() or b"")
    except (ValueError, RecursionError):  # the readers refuse it too, and the report should say that it is there
        kinds = [Reason.UNDECODABLE.value]
    count.records += 1
    count.kinds.update(kinds)


def _kinds(topic: Topic, value: bytes) -> list[str]:
    if topic in (Topic.TICKS_RAW, Topic.TICKS):
        record = decode_raw_ticks(value)
        if not isinstance(record, TickEnvelope):
            return ["watermarks" if isinstance(record, Watermark) else "offers"]
        ticks = ["trades" if isinstance(tick, Trade) else "quotes" for tick in record.ticks]
        return ticks + ["filled"] * sum(isinstance(tick, Trade) and tick.filled for tick in record.ticks)
    if topic is Topic.DLQ:
        letter = decode_dead_letter(value)
        return [f"{letter.stage} {letter.reason}"]
    kinds = _decode_kinds(value)
    return [" ".join(filter(None, (kinds.kind, kinds.action, kinds.channel, kinds.state)))]


def count_rows(postgres_url: str) -> dict[str, int]:
    """Rows of each table that there is. Raises TransientError."""
    try:
        with psycopg.connect(postgres_url, connect_timeout=5) as connection:
            return {name: _rows(connection, name) for name in TABLES if _rows(connection, name) >= 0}
    except psycopg.Error as error:
        raise TransientError(f"PostgreSQL does not count its rows: {database_said(error)}") from error


def _rows(connection: psycopg.Connection[Any], table: str) -> int:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
    if not found or not found[0]:
        return -1
    row = connection.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))).fetchone()
    return int(row[0]) if row else -1
