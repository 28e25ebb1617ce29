"""The limit: a bare confluent-kafka loop, no guarantees but at least once."""

from confluent_kafka import Message, Producer

from bench.peers.job import Job
from runtime.kafka import consumer
from runtime.settings import KafkaSettings


def main() -> None:
    """Until killed."""
    job = Job.from_environment()
    producer = Producer(
        {
            "bootstrap.servers": job.bootstrap,
            "linger.ms": 0.5,
            "compression.type": "lz4",
            "enable.idempotence": True,
            "queue.buffering.max.messages": 500_000,
        }
    )
    reader = consumer(KafkaSettings(), job.bootstrap, job.group)
    reader.subscribe([job.source])
    while True:
        for message in reader.consume(1000, 0.1):
            if message.error() is None:
                _send(producer, job.target, message)
        producer.poll(0)


def _send(producer: Producer, target: str, message: Message) -> None:
    while True:
        try:
            producer.produce(target, message.value(), message.key(), message.partition())
            return
        except BufferError:
            producer.poll(0.05)


if __name__ == "__main__":
    main()
