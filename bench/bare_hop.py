"""The limit of a hop: one record at a time from a bare producer over the same broker to a bare consumer, with nothing of ours running."""

import threading
import time

from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from bench.figures import Spread, spread
from bench.local_stack import LocalStack
from runtime.kafka import admin_client, common_config, consumer

_TOPIC = "bench.hop"
_RECORDS_PER_S = 500.0  # about what 1,000 ticks a second are in records
_RECORD = b"x" * 200
_WARM_UP_S = 2.0  # a producer's first record waits for half a second


def measure(stack: LocalStack, seconds: float) -> Spread:
    """Blocks for so long. The caller holds our processes still."""
    kafka, bootstrap = stack.settings.kafka, stack.addresses.kafka
    admin = admin_client(kafka, bootstrap)  # its answers need it alive
    admin.create_topics([NewTopic(_TOPIC, kafka.partitions)])[_TOPIC].result(30)
    producer = Producer(common_config(kafka, bootstrap) | {"linger.ms": 0, "acks": "all", "enable.idempotence": True})
    reader = consumer(kafka, bootstrap, _TOPIC, fetch_wait_max_ms=100)
    reader.assign([TopicPartition(_TOPIC, number, OFFSET_END) for number in range(kafka.partitions)])
    stop = threading.Event()
    sender = threading.Thread(target=_send, args=(producer, kafka.partitions, stop), daemon=True)
    sender.start()
    try:
        _read(reader, _WARM_UP_S)
        return spread(_read(reader, seconds))
    finally:
        stop.set()
        sender.join(timeout=10)
        reader.close()


def _send(producer: Producer, partitions: int, stop: threading.Event) -> None:
    started_s, sent = time.monotonic(), 0
    while not stop.is_set():
        producer.produce(_TOPIC, b"%d " % time.time_ns() + _RECORD, partition=sent % partitions)
        producer.poll(0)
        sent += 1
        time.sleep(max(0.0, started_s + sent / _RECORDS_PER_S - time.monotonic()))
    producer.flush(10)


def _read(reader: Consumer, seconds: float) -> list[int]:
    """Latencies in nanoseconds."""
    end_s, samples = time.monotonic() + seconds, []
    while time.monotonic() < end_s:
        message = reader.poll(0.1)
        if message is not None and not message.error():
            samples.append(time.time_ns() - int((message.value() or b"").partition(b" ")[0]))
    return samples
