"""Events of one source to Kafka: ticks gathered into one envelope a partition, everything else one event a record."""

from collections import deque
from collections.abc import Collection, Iterable

from ingestors.stamps import Stamps
from runtime import metrics
from runtime.dead_letters import dead_letter
from runtime.faults import KillPoints
from runtime.kafka import Publisher
from schemas import headers as names
from schemas.bars import Bar
from schemas.books import Book, BookDifference
from schemas.codec import encode
from schemas.gaps import Gap
from schemas.partitioner import partition_of
from schemas.sources import DEFAULT_PRIORITY, BarOffer
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic

MAX_TICKS = 2_000  # of about 250 bytes each: an envelope stays well below the broker's megabyte
HIGH_WATER_RECORDS = 5_000  # records not delivered yet; more: the broker is slow or gone, and the socket must wait
HIGH_WATER_BYTES = 8 * 1024 * 1024  # of them: most of a second of what the line carries. They are in memory twice while they are sent


class EventPublisher:
    """Keeps order within a partition. Nothing here waits: `congested` says when the caller has to.

    stage: the ingestor's name on metrics and dead letters, as `ingest.binance`. own: the partitions of the symbols that it carries, to which watermarks and offers go; None: all.
    priority: of the source, from the next watermark or offer on.
    """

    def __init__(
        self,
        publisher: Publisher,
        source: str,
        stage: str,
        partitions: int,
        *,
        trade_ids_contiguous: bool,
        kill_points: KillPoints,
        own: Collection[int] | None = None,
    ) -> None:
        self._publisher = publisher
        self._source = source
        self._stage = stage
        self._contiguous = trade_ids_contiguous
        self._kill_points = kill_points
        self._partitions = partitions
        self._own = range(partitions) if own is None else own
        self._waiting: list[list[Trade | Quote]] = [[] for _ in range(partitions)]
        self._oldest_ns = [0] * partitions
        self._limit = MAX_TICKS
        self.priority = DEFAULT_PRIORITY
        self._stamps = Stamps()
        self._ticks_out = metrics.TICKS_OUT.labels(stage, source)
        self._records_out = {topic: metrics.RECORDS_OUT.labels(stage, topic.value) for topic in Topic}
        self._sent = 0
        self._delivered = 0
        self._sizes: deque[int] = deque()  # of the records not delivered yet, taken to be the newest ones
        self._bytes = 0

    def set_backlog(self, flush_ticks: int, backlog_frames: int) -> None:
        """How many ticks an envelope may hold from now on: flush_ticks, and more while frames wait, since every reader pays by the record."""
        self._limit = min(MAX_TICKS, max(flush_ticks, backlog_frames // len(self._own)))

    def tick(self, tick: Trade | Quote, received_ns: int) -> None:
        """Adds a tick to its partition's envelope; sends the envelope when it is full."""
        partition = partition_of(tick.symbol, self._partitions)
        waiting = self._waiting[partition]
        if not waiting:
            self._oldest_ns[partition] = received_ns
        waiting.append(tick)
        if len(waiting) >= self._limit:
            self._send_envelope(partition)

    def flush(self) -> None:
        """Sends all envelopes that hold a tick."""
        for partition, waiting in enumerate(self._waiting):
            if waiting:
                self._send_envelope(partition)

    def _send_envelope(self, partition: int) -> None:
        ticks, self._waiting[partition] = self._waiting[partition], []
        received_ns = self._oldest_ns[partition]
        symbols = ",".join(sorted({tick.symbol for tick in ticks}))
        value = encode(TickEnvelope(self._source, received_ns, ticks, self._contiguous))
        more = {names.SYMBOLS: symbols.encode()}
        self._send(Topic.TICKS_RAW, partition, value, None, "ticks", received_ns, more)
        self._ticks_out.inc(len(ticks))
        self._kill_points.reach("envelope_sent")

    def watermark(self, ts_event_ns: int, ts_ingest_ns: int, received_ns: int) -> None:
        """Sends the ticks gathered so far, then the watermark to each of its partitions."""
        self.flush()
        for partition in self._own:
            value = encode(Watermark(self._source, partition, ts_event_ns, ts_ingest_ns, received_ns, self.priority))
            self._send(Topic.TICKS_RAW, partition, value, None, "watermark", received_ns)

    def bar_offers(self, symbols: Iterable[str], timeframes: tuple[str, ...], heard_ns: int, now_ns: int) -> None:
        """To each of its partitions which of these symbols' bars the source sends. heard_ns: when the provider was last there for it."""
        by_partition: dict[int, list[str]] = {partition: [] for partition in self._own}
        for symbol in sorted(symbols):
            by_partition[partition_of(symbol, self._partitions)].append(symbol)
        for partition, offered in by_partition.items():
            value = encode(BarOffer(self._source, partition, tuple(offered), timeframes, heard_ns, now_ns, self.priority))
            self._send(Topic.TICKS_RAW, partition, value, None, "bar_offer", now_ns)

    def book(self, book: BookDifference, received_ns: int) -> None:
        self._keyed(Topic.BOOKS_RAW, book.symbol, encode(book), "book", received_ns)

    def order_book(self, book: Book, received_ns: int) -> None:
        self._keyed(Topic.BOOKS, book.symbol, encode(book), "order_book", received_ns)

    def bar(self, bar: Bar, received_ns: int) -> None:
        self._keyed(Topic.BARS_RAW, bar.symbol, encode(bar), "bar", received_ns)

    def gaps(self, gaps: Iterable[Gap], received_ns: int) -> None:
        """Sends each state of a gap and counts it."""
        for gap in gaps:
            self._keyed(Topic.GAPS, gap.symbol, encode(gap), "gap", received_ns)
            metrics.GAPS.labels(self._source, gap.channel, gap.state).inc()

    def refuse(self, frame: bytes, reason: str, error: str, ts_ns: int, received_ns: int) -> None:
        """Dead-letters a frame with its original bytes."""
        trace = self._stamps.trace()
        letter = dead_letter(
            stage=self._stage,
            topic="socket",
            partition=0,
            offset=0,
            reason=reason,
            error=error,
            payload=frame,
            ts_ns=ts_ns,
            source=self._source,
            trace=trace,
        )
        partition = partition_of(self._source, self._partitions)
        headers = self._stamps.headers("dead_letter", received_ns, trace)
        self._hand_over(Topic.DLQ, partition, encode(letter), self._source.encode(), headers)
        metrics.DEAD_LETTERS.labels(self._stage, reason).inc()

    def _keyed(self, topic: Topic, symbol: str, value: bytes, kind: str, received_ns: int) -> None:
        self._send(topic, partition_of(symbol, self._partitions), value, symbol.encode(), kind, received_ns)

    def _send(
        self,
        topic: Topic,
        partition: int,
        value: bytes,
        key: bytes | None,
        kind: str,
        received_ns: int,
        more: dict[str, bytes] | None = None,
    ) -> None:
        headers = self._stamps.headers(kind, received_ns)
        if more:
            headers |= more
        self._hand_over(topic, partition, value, key, headers)

    def _hand_over(self, topic: Topic, partition: int, value: bytes, key: bytes | None, headers: dict[str, bytes]) -> None:
        self._publisher.send(topic, partition, value, key, headers)
        self._records_out[topic].inc()
        self._sent += 1
        self._sizes.append(len(value))
        self._bytes += len(value)

    def poll(self) -> None:
        """Serves delivery reports; call it once a batch."""
        self._publisher.poll()
        delivered = self._sent - self._publisher.waiting()
        if delivered > self._delivered:
            self._delivered = delivered
            self._kill_points.reach("envelope_delivered")

    def congested(self) -> bool:
        """The broker does not keep up: send nothing more until this is false again."""
        waiting = self._publisher.waiting()
        while len(self._sizes) > waiting:
            self._bytes -= self._sizes.popleft()
        return waiting > HIGH_WATER_RECORDS or self._bytes > HIGH_WATER_BYTES

    def answers(self, timeout_s: float) -> bool:
        """True if a broker answers within the time. Blocks; may be called from any thread."""
        return self._publisher.answers(timeout_s)

    def close(self) -> None:
        """Sends and delivers everything. Blocks; raises FatalError or TransientError if something was not delivered."""
        self.flush()
        self._publisher.flush()
