"""Events into the raw topics, as an ingestor sends them."""

from dataclasses import dataclass

from ingestors.publisher import EventPublisher
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.faults import KillPoints
from runtime.kafka import Headers, Publisher
from runtime.settings import Settings
from schemas.topics import Topic
from tickerplant.importing.boundaries import Boundaries
from tickerplant.importing.reading import Refused
from tickerplant.importing.ticks import Event

PROCESS = "import"
MAX_SOURCES = 16
ENVELOPE_TICKS = 500


class _Counting(Publisher):
    """Knows how many records it was given."""

    sent = 0

    def send(self, topic: Topic, partition: int, value: bytes | None, key: bytes | None = None, headers: Headers | None = None) -> None:
        super().send(topic, partition, value, key, headers)
        self.sent += 1


@dataclass(slots=True)
class _Feed:
    """One source. ingest_ns: newest ingest time of its events; has_ticks: it has watermarks."""

    publisher: EventPublisher
    boundaries: Boundaries
    ingest_ns: int = 0
    has_ticks: bool = False


class Sender:
    """Sends in the order given; `flush` returns when all is delivered. Blocks while the broker does not keep up."""

    def __init__(self, settings: Settings, bootstrap: str, clock: Clock, contiguous: bool) -> None:
        self._settings = settings
        self._clock = clock
        self._contiguous = contiguous
        self._publisher = _Counting(settings.kafka, bootstrap, linger_ms=5)
        self._kill_points = KillPoints(PROCESS, settings.faults.kill_at, settings.data_dir / "run")
        self._feeds: dict[str, _Feed] = {}
        self._sent = 0

    def pass_over(self, event: Event) -> None:
        """One that was delivered by an earlier run: its source's time moves on."""
        feed = self._feed(event.source)
        if event.tick is not None:
            feed.has_ticks = True
            feed.boundaries.before(event.at_ns)
            feed.ingest_ns = max(feed.ingest_ns, event.tick.ts_ingest_ns)

    def send(self, event: Event, received_ns: int) -> None:
        feed = self._feed(event.source)
        self._sent += 1
        if event.bar is not None:
            feed.publisher.bar(event.bar, received_ns)
            self._kill_points.reach("bar_sent")
            return
        tick = event.tick
        assert tick is not None
        feed.has_ticks = True
        for passed_ns in feed.boundaries.before(event.at_ns):
            feed.publisher.watermark(passed_ns, max(passed_ns, feed.ingest_ns), received_ns)
        feed.ingest_ns = max(feed.ingest_ns, tick.ts_ingest_ns)
        feed.publisher.tick(tick, received_ns)

    def refuse(self, refused: Refused, source: str, received_ns: int) -> None:
        """A dead letter with the row."""
        error = f"{refused.place}: {refused.detail}"
        self._feed(source).publisher.refuse(refused.text.encode(), refused.reason.value, error, received_ns, received_ns)

    def end(self, complete_until_ns: int) -> None:
        """The last watermarks: what ends with the files closes."""
        for feed in self._feeds.values():
            if feed.has_ticks:
                for passed_ns in feed.boundaries.last(complete_until_ns):
                    feed.publisher.watermark(passed_ns, max(passed_ns, feed.ingest_ns), self._clock.now_ns())
        self.flush()

    def flush(self) -> None:
        """Raises FatalError or TransientError if something was not delivered."""
        for feed in self._feeds.values():
            feed.publisher.flush()
            feed.publisher.congested()  # forgets the sizes of what was delivered
        self._publisher.flush()

    def events_a_record(self) -> float:
        """How many events a Kafka record held so far; at most ENVELOPE_TICKS."""
        return max(self._sent / max(self._publisher.sent, 1), 1.0)

    def _feed(self, source: str) -> _Feed:
        feed = self._feeds.get(source)
        if feed is None:
            if len(self._feeds) == MAX_SOURCES:
                raise UserError(f"more than {MAX_SOURCES} sources in one import; is --map source= the right column?")
            partitions = self._settings.kafka.partitions
            publisher = EventPublisher(
                self._publisher, source, PROCESS, partitions, trade_ids_contiguous=self._contiguous, kill_points=self._kill_points
            )
            publisher.set_backlog(ENVELOPE_TICKS, 0)
            feed = self._feeds[source] = _Feed(publisher, Boundaries(round(self._settings.process.grace_s * 1e9)))
        return feed
