"""confluent-kafka clients with the settings that measurements chose, and a publisher whose flush proves delivery."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from runtime.clock import Clock, SystemClock
from runtime.errors import FatalError, TransientError, UserError
from runtime.logs import get_logger
from runtime.settings import KafkaSettings
from schemas.topics import Topic

Client = TypeVar("Client")
Headers = Mapping[str, bytes]
DELIVERY_TIMEOUT_S = 130.0  # a broker that restarts within two minutes costs nothing but time
_QUEUE_KBYTES = 65_536  # a process may take 120 MB in all
# What a reader holds that librdkafka fetched ahead, unpacked: its default of 64 MB would be half of the memory. A queue that is not yet full is followed by
# one more answer, of each partition that much still packed; with the default of 1 MB that alone was 20 MB. Together a tenth of a second at full speed.
SMALL_FETCHES = {"queued_max_messages_kbytes": 2_048, "fetch_message_max_bytes": 262_144}
_LIBRDKAFKA_SILENT = 0  # it would write ten raw lines a second while the broker is away; ConnectionLog says it once
_NEW_OUTAGE_S = 30.0  # librdkafka tries again at least every 10 s: such a silence between two errors means that the broker was back


class ConnectionLog:
    """librdkafka's `error_cb`: one line for each kind of error of an outage, not one an attempt to connect."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard_s = clock.monotonic_s()
        self._told: set[int] = set()

    def __call__(self, error: KafkaError) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._heard_s > _NEW_OUTAGE_S:
            self._told.clear()
        self._heard_s = now_s
        # A command without a log says in its one line what is wrong.
        if error.code() not in self._told and structlog.is_configured():
            get_logger().warning("kafka_connection", kind=error.name(), error=error.str())
        self._told.add(error.code())


def said(error: KafkaException) -> str:
    """What went wrong, as a sentence: the exception's own text is KafkaError{code=...}."""
    return str(error.args[0].str()) if error.args and isinstance(error.args[0], KafkaError) else str(error)


def common_config(kafka: KafkaSettings, bootstrap: str) -> dict[str, Any]:
    """What every client needs: address, TLS, SASL, no small request that waits for an answer, and no lines of its own on standard error."""
    config: dict[str, Any] = {"bootstrap.servers": bootstrap, "security.protocol": kafka.security_protocol.lower()}
    # as in Kafka's own client: a second small request in flight would wait for the first one's acknowledgement
    config["socket.nagle.disable"] = True
    if kafka.security_protocol.startswith("SASL"):
        password = kafka.sasl_password.get_secret_value() if kafka.sasl_password else ""
        config |= {"sasl.mechanism": kafka.sasl_mechanism, "sasl.username": kafka.sasl_username or "", "sasl.password": password}
    files = {
        "ssl.ca.location": kafka.ssl_ca_location,
        "ssl.certificate.location": kafka.ssl_certificate_location,
        "ssl.key.location": kafka.ssl_key_location,
    }
    silence = {"log_level": _LIBRDKAFKA_SILENT, "log.connection.close": False}
    return config | silence | {name: str(path) for name, path in files.items() if path}


def admin_client(kafka: KafkaSettings, bootstrap: str, **extra: Any) -> AdminClient:
    """For questions and changes. Nobody polls it, so it has no callback: what goes wrong is in the answers. Raises UserError for settings it refuses."""
    config = common_config(kafka, bootstrap)
    return _made(AdminClient, config | {_librdkafka_name(name): value for name, value in extra.items()})


def _made(client: Callable[[dict[str, Any]], Client], config: dict[str, Any]) -> Client:
    try:
        return client(config)
    except KafkaException as error:
        raise UserError(f"Kafka's client refuses the settings: {said(error)}; correct the kafka.* settings") from None


def consumer(kafka: KafkaSettings, bootstrap: str, group: str, **extra: Any) -> Consumer:
    """A consumer that never commits by itself. `extra` takes librdkafka names with underscores for dots. Raises UserError for settings it refuses."""
    config = common_config(kafka, bootstrap) | {
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 1,  # the default of 1000 stalls a consumer for a second once its queue was full
        "session.timeout.ms": int(kafka.session_timeout_s * 1000),
        "error_cb": ConnectionLog(SystemClock()),
    }
    return _made(Consumer, config | {_librdkafka_name(name): value for name, value in extra.items()})


def _librdkafka_name(name: str) -> str:
    """`group_instance_id` to `group.instance.id`; callbacks keep their underscore."""
    return name if name.endswith("_cb") or name == "on_commit" else name.replace("_", ".")


class Publisher:
    """An idempotent, acks=all producer. `send` does not wait; `flush` returns only when every record is on the broker.

    A record never expires: librdkafka would send younger ones after it, and readers would take the old one, sent again, for a repeat. So what is
    lost when the process ends is the end of each partition's records, and nothing before it. How long a broker may be away is the caller's
    deadline. A delivery that fails for good is counted in one callback (a callback a message costs as much as the send); it is never retried by
    us: the next flush raises FatalError and the process starts again from its last commit.
    """

    def __init__(self, kafka: KafkaSettings, bootstrap: str, linger_ms: float = 0) -> None:
        self._names = {topic: kafka.topic(topic) for topic in Topic}
        self._clock = SystemClock()
        self._failed = 0
        self._error: KafkaError | None = None
        self._producer = _made(
            Producer,
            common_config(kafka, bootstrap)
            | {
                "linger.ms": linger_ms,
                "compression.type": "lz4",
                "acks": "all",
                "enable.idempotence": True,
                "max.in.flight.requests.per.connection": kafka.requests_in_flight,
                "message.timeout.ms": 0,  # none
                "queue.buffering.max.messages": 500_000,
                "queue.buffering.max.kbytes": _QUEUE_KBYTES,
                "delivery.report.only.error": True,
                "on_delivery": self._on_failure,
                "error_cb": ConnectionLog(self._clock),
            },
        )

    def _on_failure(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failed += 1
            self._error = error

    def send(self, topic: Topic, partition: int, value: bytes | None, key: bytes | None = None, headers: Headers | None = None) -> None:
        """Queues one record; when the queue is full it waits for room, which is backpressure.

        Raises FatalError if the record can never be sent, TransientError if there is no room for 130 s.
        """
        pairs = list(headers.items()) if headers else None
        deadline_s = 0.0
        while True:
            try:
                self._producer.produce(self._names[topic], value, key, partition, headers=pairs)
                return
            except BufferError:
                deadline_s = deadline_s or self._clock.monotonic_s() + DELIVERY_TIMEOUT_S
                self._wait_for_room(deadline_s)
            except KafkaException as error:
                raise FatalError(f"cannot send to {topic}: {said(error)}") from error

    def _wait_for_room(self, deadline_s: float) -> None:
        if self._clock.monotonic_s() > deadline_s:
            raise TransientError(f"no room for a record for {DELIVERY_TIMEOUT_S:g} s: the broker takes none")
        self._producer.poll(0.05)

    def poll(self) -> None:
        """Serves delivery reports without waiting; call it once a batch. Raises FatalError if a record was not delivered."""
        self._producer.poll(0)
        if self._failed:
            raise FatalError(f"{self._failed} records were not delivered: {self._error}")

    def waiting(self) -> int:
        """Records not yet delivered."""
        return len(self._producer)

    def is_delivered(self) -> bool:
        """True if `flush` would have nothing to wait for. Raises FatalError if a record was not delivered."""
        self.poll()
        return not self.waiting()

    def answers(self, timeout_s: float) -> bool:
        """True if a broker answers a question within the time."""
        try:
            self._producer.list_topics(self._names[Topic.DLQ], timeout_s)
        except KafkaException:
            return False
        return True

    def flush(self, timeout_s: float = DELIVERY_TIMEOUT_S) -> None:
        """Waits until all is delivered. Raises FatalError if a record failed, TransientError if the time is over: then all may be called again."""
        left = self._producer.flush(timeout_s)
        if self._failed:
            raise FatalError(f"{self._failed} records were not delivered: {self._error}")
        if left:
            raise TransientError(f"{left} records not delivered after {timeout_s} s")
