"""Is the broker there, and how far behind is the reader: read from librdkafka's own statistics, which cost no request."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct, field

from runtime import metrics
from schemas.topics import Topic
from sinks.store import Place

_CLOCK_STARTS = "no statistics yet"


class _Broker(Struct):
    nodeid: int = -1
    state: str = ""


class _Partition(Struct):
    hi_offset: int = -1


class _TopicStatistics(Struct):
    partitions: dict[str, _Partition] = field(default_factory=dict)


class _Statistics(Struct):
    brokers: dict[str, _Broker] = field(default_factory=dict)
    topics: dict[str, _TopicStatistics] = field(default_factory=dict)


_decode = msgspec.json.Decoder(_Statistics).decode


class KafkaWatch:
    """on_statistics is called by the polling thread; the health thread reads. `topics`: physical to logical name."""

    def __init__(self, process: str, topics: Mapping[str, Topic]) -> None:
        self._process = process
        self._topics = topics
        self._missing = _CLOCK_STARTS
        self._high: dict[Place, int] = {}
        self._lag: dict[Place, int] = {}

    def on_statistics(self, raw: str) -> None:
        """librdkafka's `stats_cb`."""
        statistics = _decode(raw)
        up = any(b.state == "UP" for name, b in statistics.brokers.items() if name != "GroupCoordinator")
        self._missing = "" if up else "no broker answers"
        metrics.PART_UP.labels(self._process, "kafka").set(up)
        for name, topic in statistics.topics.items():
            for partition, numbers in topic.partitions.items():
                if numbers.hi_offset >= 0 and name in self._topics:
                    self._high[(self._topics[name], int(partition))] = numbers.hi_offset

    def measure_lag(self, stored: Mapping[Place, int]) -> None:
        """Compares the ends of the partitions, as last heard, with what is stored."""
        self._lag = {place: max(0, self._high.get(place, offset) - offset) for place, offset in stored.items()}
        for (topic, partition), lag in self._lag.items():
            metrics.LAG.labels(self._process, topic.value, str(partition)).set(lag)

    def missing(self) -> str:
        """Health check: "" while a broker answers."""
        return self._missing

    def behind(self, max_lag_records: int) -> str:
        """Health check: "" while the lag is bounded."""
        lag = sum(self._lag.values())
        return "" if lag <= max_lag_records else f"{lag} records behind"
