"""Kafka records to the hub: drops repeats, leaves undecoded what nobody wants, counts what it cannot use. Lives on the event loop."""

from collections.abc import Callable, Iterable

from gateway.hub import Hub
from gateway.selector import Selector
from gateway.series import CHANNELS, TOPICS, Channel, Placed
from gateway.unread import Unread
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import InvalidRecord
from runtime.faults import KillPoints
from runtime.logs import get_logger
from runtime.records import is_repeat, received_ns_of, trace_of
from runtime.stage import InputRecord
from schemas import headers
from schemas.bars import Bar
from schemas.codec import DecodeError, SchemaError, decode_bar, decode_indicators, decode_signal, decode_ticks
from schemas.identity import SeenIdentities
from schemas.indicators import IndicatorRecord
from schemas.reasons import Reason
from schemas.signals import Signal
from schemas.ticks import TickEnvelope
from schemas.topics import Topic

STAGE = "gateway"
_DECODE_RECORD: dict[Channel, Callable[[bytes], Bar | IndicatorRecord | Signal]] = {
    Channel.OHLCV: decode_bar,
    Channel.INDICATORS: decode_indicators,
    Channel.SIGNALS: decode_signal,
}
logger = get_logger()


class Feed:
    """The one way into the hub."""

    def __init__(self, hub: Hub, clock: Clock, kill_points: KillPoints) -> None:
        self._hub = hub
        self._clock = clock
        self._kill_points = kill_points
        self._unread = Unread()
        self._seen = {topic: SeenIdentities() for topic in TOPICS.values()}
        self._delivered: list[tuple[Channel, int]] = []

    def handle(self, records: Iterable[InputRecord]) -> None:
        """Publishes the records, sends, measures. Does not wait."""
        for record in records:
            metrics.RECORDS_IN.labels(STAGE, record.topic).inc()
            try:
                if is_repeat(record, self._seen[record.topic]):
                    metrics.DROPPED.labels(STAGE, Reason.REPEATED_IDENTITY).inc()
                    continue
                self._publish(record)
            except (InvalidRecord, ValueError) as error:  # DecodeError is a ValueError
                self._count_unusable(record, error)
        if self._hub.flush():
            self._measure()
            self._kill_points.reach("message_sent")
        self._delivered.clear()

    def catch_up(self, selector: Selector) -> None:
        """Reads for a new subscription the last records that nobody wanted before it."""
        if selector.channel is not Channel.TICKS:
            return
        symbols = self._unread.symbols() if selector.any_symbol else selector.symbols
        for record, wanted in self._unread.take(symbols):
            try:
                self._publish_ticks(record, wanted)
            except DecodeError as error:
                self._count_unusable(record, error)

    def _publish(self, record: InputRecord) -> None:
        if record.topic is not Topic.TICKS:
            self._publish_record(record)
            return
        if record.headers.get(headers.TYPE) == b"watermark":
            return
        names = record.headers.get(headers.SYMBOLS, b"").decode("utf-8", "replace")
        symbols = names.split(",") if names else []
        if symbols and not self._hub.wants_ticks(symbols):
            self._unread.add(record, symbols)
            return
        self._unread.forget(symbols)
        self._publish_ticks(record)

    def _publish_ticks(self, record: InputRecord, symbols: set[str] | None = None) -> None:
        envelope = decode_ticks(record.value)
        if not isinstance(envelope, TickEnvelope):
            return
        trace = trace_of(record)
        wanted = False
        for index, tick in enumerate(envelope.ticks):
            if symbols is not None and tick.symbol not in symbols:
                continue
            placed = Placed(
                Channel.TICKS, envelope.source, tick, record.partition, record.offset, index, trace, ts_receive_ns=envelope.ts_receive_ns
            )
            wanted |= self._hub.publish(placed)
        if wanted:
            self._delivered.append((Channel.TICKS, envelope.ts_receive_ns))
            logger.debug("ticks_delivered", trace=trace, partition=record.partition, offset=record.offset)

    def _publish_record(self, record: InputRecord) -> None:
        channel = CHANNELS[record.topic]
        event = _DECODE_RECORD[channel](record.value)
        trace, received_ns = trace_of(record), received_ns_of(record.headers)
        placed = Placed(channel, event.source, event, record.partition, record.offset, 0, trace, received_ns)
        if self._hub.publish(placed, record.value):
            self._delivered.append((channel, received_ns))
            logger.debug("record_delivered", trace=trace, topic=record.topic, partition=record.partition, offset=record.offset)

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
