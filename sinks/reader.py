"""Reads topics for a sink. The consumer group only shares out partitions; where to read from is told by `place`, so the store decides it.

A fixed place in the group (static membership): a killed sink that comes back gets its partitions at once instead of after the session time-out.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from runtime.clock import SystemClock
from runtime.errors import FatalError, TransientError
from runtime.kafka import SMALL_FETCHES, consumer
from runtime.logs import get_logger
from runtime.records import headers_of
from runtime.settings import KafkaSettings
from runtime.stage import InputRecord
from schemas.topics import Topic
from sinks.kafka_watch import KafkaWatch
from sinks.store import Place

STATISTICS_INTERVAL_MS = 2000
_LOOKUP_TIMEOUT_S = 5.0
_TOPIC_TIMEOUT_S = 1.0
_COMMIT_TIMEOUT_S = 5.0
_COMMIT_POLL_S = 0.05
_HELD_BYTES = 8_000_000  # a commit is answered within milliseconds: that many arrive meanwhile only if something is slow
# The broker answers with so much, or after so long: without it every single tick costs the broker and the sink a request each.
_FETCH_BYTES = 131_072
_FETCH_WAIT_MS = 25
_METADATA_REFRESH_MS = 5000  # topics made after the start are found within this; the default is five minutes


class TopicReader:
    """One member of the group `<prefix>.<process>`. Not thread-safe.

    generation: grows with every change of the assignment; what was read before and not stored must be forgotten then.
    before_revoke: called before places are given up, while nobody else can have them yet.
    assigned: the places of this member. Nothing is read from them until `place` was called.
    trouble: librdkafka's last complaint since a record was read, as a topic that is not there.
    """

    def __init__(self, kafka: KafkaSettings, bootstrap: str, process: str, topics: Sequence[Topic], instance: int = 0) -> None:
        self._names = {topic: kafka.topic(topic) for topic in topics}
        self._topics = {name: topic for topic, name in self._names.items()}
        self.generation = 0
        self.before_revoke: Callable[[], None] = lambda: None
        self.assigned: list[Place] = []
        self._has_share = False
        self.watch = KafkaWatch(process, self._topics)
        self.trouble = ""
        self._held: list[Message] = []
        self._held_bytes = 0
        self._clock = SystemClock()
        self._asked: dict[Place, int] | None = None
        self._answer: tuple[KafkaError | None, list[TopicPartition]] | None = None
        self._paused = False
        self._consumer: Consumer = consumer(
            kafka,
            bootstrap,
            f"{kafka.group_prefix}.{process}",
            group_instance_id=f"{process}-{instance}",
            topic_metadata_refresh_interval_ms=_METADATA_REFRESH_MS,
            fetch_min_bytes=_FETCH_BYTES,
            fetch_wait_max_ms=_FETCH_WAIT_MS,
            statistics_interval_ms=STATISTICS_INTERVAL_MS,
            stats_cb=self.watch.on_statistics,
            on_commit=self._on_commit,
            **SMALL_FETCHES,
        )
        self._consumer.subscribe(list(self._topics), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke)

    def _on_assign(self, client: Consumer, partitions: list[TopicPartition]) -> None:
        client.assign([])  # nothing is fetched before the store has said from where
        self._change([(self._topics[p.topic], p.partition) for p in partitions])
        self._has_share = True

    def _on_revoke(self, client: Consumer, _partitions: list[TopicPartition]) -> None:
        self.before_revoke()
        client.unassign()
        self._change([])

    def _change(self, assigned: list[Place]) -> None:
        self.generation += 1
        self.assigned = assigned
        self._has_share = False
        self._held.clear()
        self._held_bytes = 0
        self._asked = None
        self._paused = False

    def place(self, positions: Mapping[Place, int]) -> None:
        """Starts reading at these offsets."""
        partitions = [TopicPartition(self._names[t], p, offset) for (t, p), offset in positions.items()]
        self._consumer.assign(partitions)
        # A partition taken away while paused comes back paused: librdkafka keeps that over a rebalance, and nothing would be read ever again.
        self._consumer.resume(partitions)
        self._paused = False

    def is_surplus(self) -> bool:
        """True if the group has shared out every topic and nothing was left for this member. Asks the broker; False while it does not answer."""
        if not self._has_share or self.assigned:
            return False
        try:
            return all(self._consumer.list_topics(name, _TOPIC_TIMEOUT_S).topics[name].error is None for name in self._topics)
        except KafkaException:
            return False

    def read(self, limit: int, timeout_s: float) -> list[InputRecord]:
        """Up to `limit` records; waits for the first one only. Raises FatalError if this member was fenced off."""
        generation = self.generation
        messages = self._take_held(limit)
        if not messages:
            self._resume()
            first = self._consumer.poll(timeout_s)
            # consume() would wait for `limit` messages or the whole time-out
            messages = [] if first is None else [first, *self._consumer.consume(limit - 1, 0)]
        if self.generation != generation:
            return []  # read under an assignment that ended meanwhile; the next one starts from the store's positions
        return [self._record(message) for message in messages if self._is_record(message)]

    def idle(self, timeout_s: float) -> None:
        """Keeps the place in the group for a while and reads nothing: what a sink does while its store is away. Raises as `read`."""
        if not self._paused:
            self._consumer.pause(self._consumer.assignment())
            self._paused = True
        self._hold(timeout_s)

    def _hold(self, timeout_s: float) -> None:
        """A poll that keeps what comes for the next `read`."""
        generation = self.generation
        message = self._consumer.poll(timeout_s)
        if message is not None and self._is_record(message) and self.generation == generation:
            self._held.append(message)
            self._held_bytes += len(message)

    def _take_held(self, limit: int) -> list[Message]:
        messages, self._held = self._held[:limit], self._held[limit:]
        self._held_bytes -= sum(len(message) for message in messages)
        return messages

    def _resume(self) -> None:
        if self._paused:
            self._consumer.resume(self._consumer.assignment())
            self._paused = False

    def limits(self, place: Place) -> tuple[int, int]:
        """(first offset that is kept, offset after the last). Asks the broker. Raises TransientError."""
        topic, partition = place
        try:
            answer: tuple[int, int] | None = self._consumer.get_watermark_offsets(
                TopicPartition(self._names[topic], partition), _LOOKUP_TIMEOUT_S
            )
        except KafkaException as error:
            raise TransientError(f"cannot ask for the offsets of {topic}[{partition}]: {error}") from error
        if answer is None:
            raise TransientError(f"no answer about the offsets of {topic}[{partition}]")
        return answer

    def committed(self, places: Sequence[Place]) -> dict[Place, int]:
        """The group's own offsets, for the places that have one. Raises TransientError."""
        try:
            answers = self._consumer.committed([TopicPartition(self._names[t], p) for t, p in places], timeout=_LOOKUP_TIMEOUT_S)
        except KafkaException as error:
            raise TransientError(f"cannot read committed offsets: {error}") from error
        _check_answers("cannot read committed offsets", answers)
        return {(self._topics[a.topic], a.partition): a.offset for a in answers if a.offset >= 0}

    def commit(self, positions: Mapping[Place, int], *, wait: bool) -> None:
        """Commits to the group. With wait: returns when the broker has it all; raises TransientError if it has not within seconds, and may then be
        called again, FatalError if this member was fenced off. Without: for operators' tools only.
        """
        if not positions:
            return
        if wait:
            self._commit_and_wait(dict(positions))
            return
        with suppress(KafkaException):
            self._send_commit(positions)

    def _commit_and_wait(self, positions: dict[Place, int]) -> None:
        """The client's own waiting commit would last as long as the broker is away: no poll, so no news of the group, and no sign of life."""
        try:
            if self._asked != positions:  # an unanswered one is still under way: waited for, not repeated
                self._send_commit(positions)
                self._asked, self._answer = positions, None
            self._wait_for_answer()
        except KafkaException as error:
            _refuse_fenced(error.args[0])
            raise TransientError(f"offsets not committed: {error}") from error
        if self._answer is None:
            raise TransientError(f"offsets not committed: {'no answer yet' if self._asked else 'the assignment changed meanwhile'}")
        failure, answers = self._answer
        if failure is not None:
            _refuse_fenced(failure)
            raise TransientError(f"offsets not committed: {failure.str()}")
        _check_answers("offsets not committed", answers)

    def _send_commit(self, positions: Mapping[Place, int]) -> None:
        self._consumer.commit(offsets=[TopicPartition(self._names[t], p, o) for (t, p), o in positions.items()], asynchronous=True)

    def _wait_for_answer(self) -> None:
        """Until _asked is answered, or given up with the assignment, or the time is over."""
        until_s = self._clock.monotonic_s() + _COMMIT_TIMEOUT_S
        while self._asked is not None and self._clock.monotonic_s() < until_s:
            if self._held_bytes < _HELD_BYTES:
                self._hold(_COMMIT_POLL_S)
            else:
                self.idle(_COMMIT_POLL_S)

    def _on_commit(self, error: KafkaError | None, answers: list[TopicPartition]) -> None:
        if self._asked != {(self._topics[answer.topic], answer.partition): answer.offset for answer in answers}:
            return  # an announcement, or of an assignment that is gone
        self._asked = None
        self._answer = (error, answers)

    def close(self) -> None:
        """Ends the membership. A static member's partitions stay its own for the session time-out."""
        self._consumer.close()

    def _record(self, message: Any) -> InputRecord:
        return InputRecord(
            topic=self._topics[message.topic()],
            partition=message.partition(),
            offset=message.offset(),
            key=message.key(),
            value=message.value() or b"",
            headers=headers_of(message.headers()),
            timestamp_ms=message.timestamp()[1],
        )

    def _is_record(self, message: Any) -> bool:
        """False for news about the connection, which librdkafka mends by itself. Raises FatalError for what it cannot mend."""
        error: KafkaError | None = message.error()
        if error is None:
            self.trouble = ""
            return True
        _refuse_fenced(error)
        if self.trouble != (trouble := str(error.str())):
            self.trouble = trouble
            get_logger().warning("kafka_trouble", error=trouble)
        return False


def _check_answers(what: str, answers: Sequence[TopicPartition]) -> None:
    """The client raises only for a request that failed as a whole; raises TransientError if it failed for some partitions."""
    if failed := [answer for answer in answers if answer.error is not None]:
        raise TransientError(f"{what} of {len(failed)} partitions, as {failed[0].topic}[{failed[0].partition}]: {failed[0].error}")


def _refuse_fenced(error: KafkaError) -> None:
    """Raises FatalError for what no repetition mends."""
    if error.fatal() or error.code() in (KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID):
        raise FatalError(f"another process has taken this one's place in the group: {error}")
