"""Where Kafka's partitions end and how far each reader of the line has come."""

from collections.abc import Iterable

import psycopg
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from runtime.errors import TransientError
from runtime.kafka import admin_client, consumer, said
from runtime.settings import KafkaSettings
from schemas.topics import Topic
from sinks.timescale.errors import said as database_said

_TIMEOUT_S = 10.0
_RETRY_S = 60.0  # a broker that restarts meanwhile is back by then
Place = tuple[str, int]  # (physical topic, partition)
Ends = dict[Place, int]

# Every reader by its consumer group and the topics that it reads. The TimescaleDB sink keeps its positions in its own table.
GROUPS: dict[str, tuple[Topic, ...]] = {
    "validate": (Topic.TICKS_RAW,),
    "bars": (Topic.TICKS, Topic.BARS_RAW),
    "indicators": (Topic.BARS,),
    "signals": (Topic.INDICATORS,),
    "alerts": (Topic.BARS, Topic.INDICATORS, Topic.GAPS),
    "sink-redis": (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS),
}
SINK_TIMESCALE = (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS, Topic.GAPS, Topic.QUALITY, Topic.ALERTS)


class Offsets:
    """Asks the broker and the database. Every method blocks and raises TransientError while one of them does not answer."""

    def __init__(self, kafka: KafkaSettings, bootstrap: str, postgres_url: str) -> None:
        self._kafka = kafka
        self._postgres_url = postgres_url
        self._bootstrap = bootstrap
        self._admin = admin_client(kafka, bootstrap)
        self._askers: dict[str, Consumer] = {}  # they subscribe to nothing, so they are no members of the groups

    def starts(self, topics: Iterable[Topic]) -> Ends:
        """The first offset that is still there."""
        return self._list(topics, OffsetSpec.earliest())

    def ends(self, topics: Iterable[Topic]) -> Ends:
        """The next offset to be written."""
        return self._list(topics, OffsetSpec.latest())

    @retry(retry=retry_if_exception_type(TransientError), wait=wait_fixed(1.0), stop=stop_after_delay(_RETRY_S), reraise=True)
    def settled_ends(self, topics: Iterable[Topic]) -> Ends:
        """`ends`, asked again for a minute while a broker that was restarted during the replay comes back."""
        return self.ends(topics)

    def _list(self, topics: Iterable[Topic], which: OffsetSpec) -> Ends:
        places = [TopicPartition(self._kafka.topic(topic), p) for topic in topics for p in range(self._kafka.partitions)]
        try:
            answers = self._admin.list_offsets(dict.fromkeys(places, which), request_timeout=_TIMEOUT_S)
            return {(place.topic, place.partition): answer.result().offset for place, answer in answers.items()}
        except KafkaException as error:
            # A client that knew the broker before its restart keeps asking with the old leader epoch; a new one learns the new epoch.
            self._admin = admin_client(self._kafka, self._bootstrap)
            raise TransientError(f"Kafka does not tell its offsets: {said(error)}") from error

    def committed(self, group: str, places: Iterable[Place]) -> Ends:
        """The group's next offsets; places without one are absent."""
        # Not the admin client's question: librdkafka ends the process with SIGSEGV if the coordinator has just been restarted (its issue 5040).
        if group not in self._askers:
            self._askers[group] = consumer(self._kafka, self._bootstrap, f"{self._kafka.group_prefix}.{group}")
        try:
            partitions = self._askers[group].committed([TopicPartition(*place) for place in places], timeout=_TIMEOUT_S)
        except KafkaException as error:
            raise TransientError(f"Kafka does not tell the offsets of {group}: {said(error)}") from error
        return {(one.topic, one.partition): one.offset for one in partitions if one.error is None and one.offset >= 0}

    def stored(self) -> Ends:
        """The TimescaleDB sink's next offsets."""
        try:
            with psycopg.connect(self._postgres_url, connect_timeout=5) as connection:
                rows = connection.execute("SELECT topic, partition, next_offset FROM kafka_offsets").fetchall()
        except psycopg.Error as error:
            raise TransientError(f"PostgreSQL does not tell the sink's positions: {database_said(error)}") from error
        return {(topic, partition): offset for topic, partition, offset in rows}

    def behind(self) -> tuple[dict[str, int], Ends]:
        """(records left by reader, the ends that this was measured against). No entry: nothing left."""
        topics = {topic for group in GROUPS.values() for topic in group} | set(SINK_TIMESCALE)
        starts, ends = self.starts(topics), self.ends(topics)
        readers = {group: (read, self.committed(group, self.places(read))) for group, read in GROUPS.items()}
        readers["sink-timescale"] = (SINK_TIMESCALE, self.stored())
        left = {name: sum(self._left(place, at, starts, ends) for place in self.places(read)) for name, (read, at) in readers.items()}
        return {name: records for name, records in left.items() if records}, ends

    def places(self, topics: Iterable[Topic]) -> list[Place]:
        return [(self._kafka.topic(topic), partition) for topic in topics for partition in range(self._kafka.partitions)]

    @staticmethod
    def _left(place: Place, at: Ends, starts: Ends, ends: Ends) -> int:
        return max(0, ends[place] - max(at.get(place, 0), starts[place]))
