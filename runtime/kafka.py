"""confluent-kafka clients with the settings that measurements chose, and a publisher whose flush proves delivery."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer

from runtime.errors import FatalError, TransientError
from runtime.settings import KafkaSettings
from schemas.topics import Topic

Headers = Mapping[str, bytes]
_MAX_RECORD_BYTES = 1_000_000  # the broker's default limit; larger values are a bug or a dead letter that was not cut


def common_config(kafka: KafkaSettings, bootstrap: str) -> dict[str, Any]:
    """What every client needs: address, TLS, SASL."""
    config: dict[str, Any] = {"bootstrap.servers": bootstrap, "security.protocol": kafka.security_protocol.lower()}
    if kafka.security_protocol.startswith("SASL"):
        password = kafka.sasl_password.get_secret_value() if kafka.sasl_password else ""
        config |= {"sasl.mechanism": kafka.sasl_mechanism, "sasl.username": kafka.sasl_username or "", "sasl.password": password}
    files = {
        "ssl.ca.location": kafka.ssl_ca_location,
        "ssl.certificate.location": kafka.ssl_certificate_location,
        "ssl.key.location": kafka.ssl_key_location,
    }
    return config | {name: str(path) for name, path in files.items() if path}


def consumer(kafka: KafkaSettings, bootstrap: str, group: str, **extra: Any) -> Consumer:
    """A consumer that never commits by itself. `extra` takes librdkafka names with underscores for dots."""
    config = common_config(kafka, bootstrap) | {
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 1,  # the default of 1000 stalls a consumer for a second once its queue was full
        "session.timeout.ms": int(kafka.session_timeout_s * 1000),
        "log.connection.close": False,
    }
    return Consumer(config | {_librdkafka_name(name): value for name, value in extra.items()})


def _librdkafka_name(name: str) -> str:
    """`group_instance_id` to `group.instance.id`; callbacks and log_level keep their underscore."""
    return name if name.endswith("_cb") or name == "log_level" else name.replace("_", ".")


class Publisher:
    """An idempotent, acks=all producer. `send` does not wait; `flush` returns only when every record is on the broker.

    A failed delivery is counted in one callback (a callback a message costs as much as the send); it is never retried by us: librdkafka retried
    it for message.timeout.ms already, so the next flush raises FatalError and the process starts again from its last commit.
    """

    def __init__(self, kafka: KafkaSettings, bootstrap: str, linger_ms: float = 0.5) -> None:
        self._names = {topic: kafka.topic(topic) for topic in Topic}
        self._failed = 0
        self._error: KafkaError | None = None
        self._producer = Producer(
            common_config(kafka, bootstrap)
            | {
                "linger.ms": linger_ms,
                "compression.type": "lz4",
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": 120_000,  # a broker that restarts within two minutes costs nothing but time
                "queue.buffering.max.messages": 500_000,
                "queue.buffering.max.kbytes": 262_144,
                "delivery.report.only.error": True,
                "on_delivery": self._on_failure,
                "log.connection.close": False,
            }
        )

    def _on_failure(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failed += 1
            self._error = error

    def send(self, topic: Topic, partition: int, value: bytes | None, key: bytes | None = None, headers: Headers | None = None) -> None:
        """Queues one record; when the queue is full it waits for room, which is backpressure. Raises FatalError if the record can never be sent."""
        pairs = list(headers.items()) if headers else None
        while True:
            try:
                self._producer.produce(self._names[topic], value, key, partition, headers=pairs)
                return
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as error:
                raise FatalError(f"cannot send to {topic}: {error}") from error

    def poll(self) -> None:
        """Serves delivery reports without waiting; call it once a batch. Raises FatalError if a record was not delivered."""
        self._producer.poll(0)
        if self._failed:
            raise FatalError(f"{self._failed} records were not delivered: {self._error}")

    def waiting(self) -> int:
        """Records not yet delivered."""
        return len(self._producer)

    def answers(self, timeout_s: float) -> bool:
        """True if a broker answers a question within the time."""
        try:
            self._producer.list_topics(self._names[Topic.DLQ], timeout_s)
        except KafkaException:
            return False
        return True

    def flush(self, timeout_s: float = 130.0) -> None:
        """Waits until all is delivered. Raises FatalError if a record failed, TransientError if the time is over."""
        left = self._producer.flush(timeout_s)
        if self._failed:
            raise FatalError(f"{self._failed} records were not delivered: {self._error}")
        if left:
            raise TransientError(f"{left} records not delivered after {timeout_s} s")
