"""Kafka records to the hub: drops repeats, leaves undecoded what nobody wants, counts what it cannot use. Lives on the event loop."""

from collections.abc import Iterable

from gateway.books import Books
from gateway.hub import Hub
from gateway.recent import KEPT_TOPICS, Recent
from gateway.records import is_watermark, place, symbols_of, ticks_of
from gateway.selector import Selector
from gateway.series import CHANNELS, Channel
from gateway.summary import Summaries
from gateway.unread import Unread
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import InvalidRecord
from runtime.faults import KillPoints
from runtime.logs import get_logger
from runtime.records import is_repeat
from runtime.stage import InputRecord
from schemas.codec import DecodeError, SchemaError
from schemas.identity import SeenIdentities
from schemas.reasons import Reason
from schemas.topics import Topic

STAGE = "gateway"
logger = get_logger()


class Feed:
    """The one way into the hub."""

    def __init__(self, hub: Hub, recent: Recent, clock: Clock, kill_points: KillPoints) -> None:
        self._hub = hub
        self._recent = recent
        self._clock = clock
        self._kill_points = kill_points
        self._unread = Unread()
        self._summaries = Summaries(hub)
        self._books = Books(hub)
        self._seen = {topic: SeenIdentities() for topic in CHANNELS}
        self._delivered: list[tuple[Channel, int]] = []
        self._records_in = {topic: metrics.RECORDS_IN.labels(STAGE, topic) for topic in CHANNELS}

    def handle(self, records: Iterable[InputRecord]) -> None:
        """Publishes the records and sends. Does not wait."""
        self.publish(records)
        self.flush()

    def publish(self, records: Iterable[InputRecord]) -> None:
        """What is published goes out with the next `flush`."""
        for record in records:
            self._records_in[record.topic].inc()
            try:
                self._take(record)
            except (InvalidRecord, ValueError) as error:  # DecodeError is a ValueError
                self._count_unusable(record, error)

    def flush(self) -> None:
        """Sends, measures."""
        self._hub.release_due()
        if self._hub.flush():
            self._measure()
            self._kill_points.reach("message_sent")
        self._delivered.clear()

    def catch_up(self, selector: Selector) -> None:
        """Reads for a new subscription the last records that nobody wanted before it."""
        if selector.channel is Channel.MARKET_SUMMARY:
            self._summaries.catch_up()
        if selector.channel is Channel.ORDERBOOK:
            self._books.catch_up(selector)
        if selector.channel is not Channel.TICKS:
            return
        symbols = self._unread.symbols() if selector.any_symbol else selector.symbols
        for record, wanted in self._unread.take(symbols):
            try:
                self._publish_ticks(record, wanted, was_left=True)
            except DecodeError as error:
                self._count_unusable(record, error)

    def _take(self, record: InputRecord) -> None:
        is_kept = record.topic in KEPT_TOPICS
        if is_kept:
            self._recent.ring(record.topic, record.partition).reach(record.offset)
        if is_repeat(record, self._seen[record.topic]):
            metrics.DROPPED.labels(STAGE, Reason.REPEATED_IDENTITY).inc()
            return
        if is_watermark(record):
            return
        if is_kept:
            self._recent.ring(record.topic, record.partition).add(record)
        if record.topic is Topic.TICKS:
            self._take_ticks(record)
        else:
            self._publish_record(record)

    def _take_ticks(self, record: InputRecord) -> None:
        symbols = symbols_of(record)
        wanted = self._hub.wanted_of(symbols)
        if len(wanted) < len(symbols):
            self._unread.add(record, [symbol for symbol in symbols if symbol not in wanted])
        if wanted:
            self._unread.forget(record, wanted)
        if wanted or not symbols:
            self._publish_ticks(record, wanted)

    def _publish_ticks(self, record: InputRecord, symbols: set[str], was_left: bool = False) -> None:
        """symbols: those that it is read for; of a record that names none, all. was_left: unread until now; another source's may have been read before it."""
        received_ns, wanted = 0, False
        for placed, tick in ticks_of(record, symbols):
            if was_left and self._hub.is_past(placed):
                continue
            received_ns = placed.ts_receive_ns
            wanted |= self._hub.publish(placed, tick)
        if wanted:
            self._delivered.append((Channel.TICKS, received_ns))
            logger.debug("ticks_delivered", trace=placed.trace, partition=record.partition, offset=record.offset)

    def _publish_record(self, record: InputRecord) -> None:
        placed = place(record)
        if self._books.take(placed) if record.topic is Topic.BOOKS else self._hub.publish(placed):
            self._delivered.append((placed.channel, placed.ts_receive_ns))
            logger.debug("record_delivered", trace=placed.trace, topic=record.topic, partition=record.partition, offset=record.offset)
        if placed.channel is Channel.OHLCV and placed.primary:
            self._summaries.note(placed)

    def _measure(self) -> None:
        now_ns = self._clock.now_ns()
        for channel, received_ns in self._delivered:
            if received_ns:
                metrics.DELIVERY_SECONDS.labels(channel).observe(max(0, now_ns - received_ns) / 1e9)

    def _count_unusable(self, record: InputRecord, error: Exception) -> None:
        """Our own stages write these topics, so this is news; the stages' dead letters hold the original."""
        reason = Reason.INVALID_SCHEMA if isinstance(error, SchemaError) else Reason.UNDECODABLE
        metrics.DROPPED.labels(STAGE, reason).inc()
        logger.warning("record_unusable", topic=record.topic, partition=record.partition, offset=record.offset, reason=reason)
