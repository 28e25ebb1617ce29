"""Where the reader starts: so far before the end of each partition that snapshots are there again after a restart."""

from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from gateway.broker import TopicState

_TIMEOUT_S = 5.0


class Start(NamedTuple):
    """assignment: every partition with its first offset; ends: those with something to read back, and where that ends."""

    assignment: list[TopicPartition]
    ends: dict[tuple[str, int], int]


def start_positions(client: Consumer, topics: dict[str, TopicState], read_back: dict[str, int]) -> Start:
    """topics and read_back (records a partition) by physical name. Blocks; raises KafkaException if the broker does not answer."""
    start = Start([], {})
    for name, state in topics.items():
        for partition in range(state.partitions):
            low, high = client.get_watermark_offsets(TopicPartition(name, partition), timeout=_TIMEOUT_S)
            first = max(low, high - read_back[name])
            start.assignment.append(TopicPartition(name, partition, first))
            if first < high:
                start.ends[name, partition] = high
    return start
