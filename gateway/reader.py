"""The Kafka reader: a thread that reads all partitions of the gateway's topics and hands slices of records to the event loop.

It belongs to no group and commits nothing: every gateway process reads everything. `poll` waits for the first record and `consume(n, 0)` takes
what else is there, because `consume(n, t)` waits for n records or the whole t. At most two slices are under way, so a busy loop slows the
reader down instead of filling memory, and a slice is small, so sockets get their turn between two.
"""

import contextvars
import threading
from collections.abc import Callable, Iterator

from confluent_kafka import Consumer, KafkaException, Message

from gateway.broker import Broker, TopicState
from gateway.positions import start_positions
from gateway.series import CHANNELS, TRAITS
from gateway.slices import slices
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError
from runtime.kafka import SMALL_FETCHES, consumer
from runtime.logs import get_logger
from runtime.records import headers_of
from runtime.settings import Settings
from runtime.stage import InputRecord
from schemas.topics import Topic

STAGE = "gateway"
_FEW_READ_BACK = 100  # records a partition, of ticks and states: enough for a last price of what trades
_SLICES_UNDER_WAY = 2
_CONSUME_RECORDS = 200
_POLL_S = 0.2
_RETRY_S = 1.0
_LAG_EVERY_S = 1.0
_IDLE_S = 5.0  # without a record for so long: what was to be read back is no longer there
logger = get_logger()

Deliver = Callable[[list[InputRecord]], None]


class Reader:
    """deliver(records) is called on the reader's thread and must not block; `slice_done` is to be called when they are handled.

    on_assigned(topics) and on_loaded() are called there too, once each: before the first record, and after the last one that was in the log
    at the start. is_wanted(topic): asked there, too: False if nobody subscribed to anything of it, so that its records cost next to nothing. on_failure(error): the thread ended by an error; the process should.
    """

    def __init__(
        self, settings: Settings, bootstrap: str, broker: Broker, clock: Clock, deliver: Deliver, is_wanted: Callable[[Topic], bool]
    ) -> None:
        self._settings = settings
        self._bootstrap = bootstrap
        self._broker = broker
        self._clock = clock
        self._deliver = deliver
        self._is_wanted = is_wanted
        self._topics = {settings.kafka.topic(topic): topic for topic in CHANNELS}
        self._slots = threading.Semaphore(_SLICES_UNDER_WAY)
        self._stopping = threading.Event()
        self._ends: dict[tuple[str, int], int] = {}
        self._is_loaded = False
        self._last_record_s = 0.0
        self._lag_measured_s = 0.0
        context = contextvars.copy_context()  # so that this thread's log lines name the process too
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="reader", daemon=True)
        self.on_assigned: Callable[[dict[Topic, TopicState]], None] = lambda _topics: None
        self.on_loaded: Callable[[], None] = lambda: None
        self.on_failure: Callable[[BaseException], None] = lambda _error: None
        self.problem = "no partitions assigned yet"
        self.lag_records = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits until the thread has ended."""
        self._stopping.set()
        self._slots.release()
        if self._thread.is_alive():
            self._thread.join()

    def slice_done(self) -> None:
        """A delivered slice is handled; the next may come."""
        self._slots.release()

    def _run(self) -> None:
        try:
            client = consumer(
                self._settings.kafka,
                self._bootstrap,
                f"{self._settings.kafka.group_prefix}.gateway",
                reconnect_backoff_max_ms=1000,  # back within a second of the broker
                **SMALL_FETCHES,
            )
            try:
                if self._assign(client):
                    self._read(client)
            finally:
                client.close()
        except Exception as error:  # the thread's last word; the process ends with it
            self.on_failure(error)

    def _assign(self, client: Consumer) -> bool:
        """Waits for the broker and the topics, as long as it takes. False if stopped before."""
        while not self._stopping.is_set():
            try:
                topics = self._broker.topics()
                start = start_positions(
                    client, {self._settings.kafka.topic(topic): state for topic, state in topics.items()}, self._read_back()
                )
            except (TransientError, KafkaException) as error:
                self.problem = str(error)
                self._stopping.wait(_RETRY_S)
                continue
            self.on_assigned(topics)
            client.assign(start.assignment)
            self._ends = start.ends
            self._last_record_s = self._clock.monotonic_s()
            self.problem = ""
            logger.info("partitions_assigned", partitions=len(start.assignment), read_back=sum(1 for _ in start.ends))
            return True
        return False

    def _read_back(self) -> dict[str, int]:
        records = self._settings.gateway.read_back_records
        few = {topic for topic, channel in CHANNELS.items() if topic is Topic.TICKS or TRAITS[channel].is_state}
        return {name: min(records, _FEW_READ_BACK) if topic in few else records for name, topic in self._topics.items()}

    def _read(self, client: Consumer) -> None:
        while not self._stopping.is_set():
            first = client.poll(_POLL_S)
            if first is not None:
                self._take([first, *client.consume(_CONSUME_RECORDS, 0)])
            self._notice_loaded()
            self._measure_lag(client)

    def _take(self, messages: list[Message]) -> None:
        self._last_record_s = self._clock.monotonic_s()
        for records in slices(self._records(messages), self._is_wanted):
            self._slots.acquire()
            if self._stopping.is_set():
                return
            self._deliver(records)

    def _records(self, messages: list[Message]) -> Iterator[InputRecord]:
        for message in messages:
            error = message.error()
            if error is not None:
                if error.fatal():
                    raise KafkaException(error)
                logger.warning("kafka_error", error=error.str())
                continue
            name, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
            if offset + 1 >= self._ends.get((name, partition), offset + 2):
                del self._ends[name, partition]
            value, more = message.value() or b"", headers_of(message.headers())
            yield InputRecord(self._topics[name], partition, offset, message.key(), value, more, message.timestamp()[1])

    def _notice_loaded(self) -> None:
        if self._is_loaded:
            return
        if not self._ends or self._clock.monotonic_s() - self._last_record_s > _IDLE_S:
            self._is_loaded = True
            self.on_loaded()

    def _measure_lag(self, client: Consumer) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._lag_measured_s < _LAG_EVERY_S:
            return
        self._lag_measured_s = now_s
        total = 0
        for place in client.position(client.assignment()):
            _low, high = client.get_watermark_offsets(place, cached=True)
            lag = max(0, high - place.offset) if high >= 0 and place.offset >= 0 else 0
            metrics.LAG.labels(STAGE, self._topics[place.topic], place.partition).set(lag)
            total += lag
        self.lag_records = total
