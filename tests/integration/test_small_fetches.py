"""Readers that hold little of what was fetched ahead, on a real broker."""

import random

import pytest
from confluent_kafka import TopicPartition

from runtime.kafka import SMALL_FETCHES, Publisher, consumer
from schemas.topics import Topic
from tests.conftest import Line
from tests.support import eventually

pytestmark = pytest.mark.stack


def test_records_larger_than_one_fetch_are_read_from_every_partition(line: Line) -> None:
    kafka, bootstrap = line.settings.kafka, line.addresses.kafka
    noise = random.Random(1).randbytes(3 * SMALL_FETCHES["fetch_message_max_bytes"])  # it does not pack
    publisher = Publisher(kafka, bootstrap)
    sent = {(partition, index): noise if index % 2 else b"small" for partition in range(kafka.partitions) for index in range(4)}
    for (partition, _), value in sent.items():
        publisher.send(Topic.TICKS, partition, value)
    publisher.flush()
    client, read = consumer(kafka, bootstrap, f"{line.name}.small", **SMALL_FETCHES), {}
    client.assign([TopicPartition(kafka.topic(Topic.TICKS), partition, 0) for partition in range(kafka.partitions)])

    def all_read() -> bool:
        message = client.poll(1)
        if message is not None and message.error() is None:
            read[message.partition(), message.offset()] = message.value()
        return len(read) == len(sent)

    try:
        eventually(all_read)
    finally:
        client.close()
    assert read == sent
