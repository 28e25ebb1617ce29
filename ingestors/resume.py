"""What a source published last, read from the tails of the raw topics at start: so a killed ingestor knows its hole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from ingestors.gap_fill import Hole, Known, is_far_ahead
from runtime.errors import TransientError
from runtime.kafka import consumer
from runtime.settings import KafkaSettings
from schemas.codec import DecodeError, decode_book, decode_gap, decode_raw_ticks
from schemas.gaps import Gap
from schemas.partitioner import partition_of
from schemas.ticks import TickEnvelope, Trade
from schemas.topics import Topic

_STEPS = (64, 256, 1_024, 4_096, 16_384)  # records read back from the end, more only while a symbol is still missing
_BUDGET_BYTES = (
    32 * 1024 * 1024
)  # of one partition: beyond it a symbol is silent for so long that validate's own state is the better memory
_GAP_STATES = ("open", "partial", "unfillable", "filled")  # never back, as in the table
_REMEMBERED = 1_000  # trade ids of a symbol
_OURS = ("reconnect", "restart")  # causes of holes in time that an ingestor tells
_TIMEOUT_S = 20.0
_FETCH_WAIT_MS = 10  # the default of 500 is waited out at each new assignment: the broker still holds the fetch for the one before
_AHEAD_KBYTES = 4_096  # the default of 64 MB would be filled by a long tail before its first record is looked at


@dataclass(slots=True)
class Published:
    """Newest ids by canonical symbol: trades by trade id, quotes and books by update id.

    A hole that was reported counts as published, for it must not be reported again when its far end was lost by a crash; but not a filled one: its
    trades may be lost too. open_holes: those in the numbers of trades that are not done, oldest first; the venue is to be asked again.
    """

    trades: dict[str, Known] = field(default_factory=dict)
    quotes: dict[str, Known] = field(default_factory=dict)
    books: dict[str, Known] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)  # by gap_id, in the furthest state
    by_time: bool = False  # the venue does not number its trades without holes: their event times stand for ids
    ids: dict[str, dict[int | str, int]] = field(default_factory=dict)  # by_time: of a symbol's newest trades, with their event times

    def passed(self) -> dict[str, list[int | str]]:
        """The ids of each symbol's newest trades, the newest last; those of another process must not be published again. Empty but with by_time."""
        return {symbol: sorted(ids, key=ids.__getitem__)[-_REMEMBERED:] for symbol, ids in self.ids.items()}

    @property
    def open_holes(self) -> list[Hole]:
        left = [gap for gap in self.gaps.values() if gap.channel == "trade" and gap.state in ("open", "partial")]
        if self.by_time:
            timed = sorted((gap for gap in left if not gap.to_id and gap.cause in _OURS), key=lambda gap: gap.from_ns)
            return [Hole(gap.symbol, gap.channel, gap.cause, gap.from_ns, gap.to_ns, gap.from_ns, gap.to_ns, False) for gap in timed]
        return [
            Hole(gap.symbol, gap.channel, gap.cause, gap.from_id, gap.to_id, gap.from_ns, gap.to_ns)
            for gap in sorted(left, key=lambda gap: gap.from_id)
            if gap.to_id
        ]

    def channel(self, name: str) -> dict[str, Known]:
        """By the names of schemas.gaps.GapChannel."""
        return {"trade": self.trades, "quote": self.quotes, "book": self.books}.get(name, {})


def read_published(kafka: KafkaSettings, bootstrap: str, source: str, symbols: Iterable[str], by_time: bool = False) -> Published:
    """Blocks until read, at most 20 s a topic. Raises TransientError if the broker does not answer.

    A symbol without a record in the last 32 MiB or 16,384 records of its partition counts as new.
    """
    published = Published(by_time=by_time)
    client = tail_reader(kafka, bootstrap)
    try:
        by_partition: dict[int, set[str]] = {}
        for symbol in symbols:
            by_partition.setdefault(partition_of(symbol, kafka.partitions), set()).add(symbol)
        for partition, wanted in by_partition.items():
            ticks, books, gaps = (kafka.topic(topic) for topic in (Topic.TICKS_RAW, Topic.BOOKS_RAW, Topic.GAPS))
            read_back(client, ticks, partition, partial(_take_ticks, published, source), partial(_has_ticks, published, wanted))
            read_back(client, books, partition, partial(_take_book, published, source), partial(_has_books, published, wanted))
            read_back(client, gaps, partition, partial(_take_gap, published, source), lambda: False)
    except KafkaException as error:
        raise TransientError(f"cannot read what was published last: {error}") from error
    finally:
        client.close()
    _forget_others(published, set().union(*by_partition.values()))
    return published


def _forget_others(published: Published, wanted: set[str]) -> None:
    """A symbol that is no longer subscribed to shares its partition with others; there is nothing to ask the venue about it."""
    for known in (published.trades, published.quotes, published.books):
        for symbol in known.keys() - wanted:
            del known[symbol]
    published.ids = {symbol: ids for symbol, ids in published.ids.items() if symbol in wanted}
    published.gaps = {gap_id: gap for gap_id, gap in published.gaps.items() if gap.symbol in wanted}


def _has_ticks(published: Published, wanted: set[str]) -> bool:
    return wanted <= published.trades.keys() and wanted <= published.quotes.keys()


def _has_books(published: Published, wanted: set[str]) -> bool:
    return wanted <= published.books.keys()


def tail_reader(kafka: KafkaSettings, bootstrap: str) -> Consumer:
    """For `read_back`; the caller closes it."""
    more = {"fetch_wait_max_ms": _FETCH_WAIT_MS, "queued_max_messages_kbytes": _AHEAD_KBYTES}
    return consumer(kafka, bootstrap, f"{kafka.group_prefix}.resume", enable_partition_eof=True, **more)


def read_back(client: Consumer, topic: str, partition: int, take: Callable[[Message], None], complete: Callable[[], bool]) -> None:
    """Reads growing tails, each up to where the one before began, until `complete` or the partition's start."""
    low, high = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=_TIMEOUT_S)
    end, read_bytes = high, 0
    for step in _STEPS:
        start = max(low, high - step)
        if start < end:
            read_bytes += _read(client, TopicPartition(topic, partition, start), end, take)
        end = start
        if complete() or start == low or read_bytes > _BUDGET_BYTES:
            return


def _read(client: Consumer, start: TopicPartition, end: int, take: Callable[[Message], None]) -> int:
    """Gives every record from start to before end to `take`; returns their bytes."""
    client.assign([start])
    position, read_bytes = start.offset, 0
    while position < end:
        message = client.poll(_TIMEOUT_S)
        if message is None:
            raise TransientError(f"{start.topic}/{start.partition} gives nothing at {position} for {_TIMEOUT_S:g} s")
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                break  # offsets may end in something that is no record
            raise KafkaException(message.error())
        position = message.offset() + 1
        read_bytes += len(message.value() or b"")
        if position <= end:
            take(message)
    client.unassign()
    return read_bytes


def _take_ticks(published: Published, source: str, message: Message) -> None:
    try:
        record = decode_raw_ticks(message.value() or b"")
    except DecodeError:
        return  # not ours: an ingestor writes only what it can read
    if record.source != source or not isinstance(record, TickEnvelope):
        return
    for tick in record.ticks:
        if published.by_time and is_far_ahead(tick):
            continue
        if isinstance(tick, Trade):
            if published.by_time:
                _keep(published.trades, tick.symbol, tick.ts_event_ns, tick.ts_event_ns)
                _remember(published.ids.setdefault(tick.symbol, {}), tick)
            elif isinstance(tick.trade_id, int):  # else a venue's that does not count: it has no holes to know of
                _keep(published.trades, tick.symbol, tick.trade_id, tick.ts_event_ns)
        else:
            _keep(published.quotes, tick.symbol, tick.update_id, tick.ts_event_ns)


def _take_book(published: Published, source: str, message: Message) -> None:
    try:
        book = decode_book(message.value() or b"")
    except DecodeError:
        return
    if book.source == source:
        _keep(published.books, book.symbol, book.last_update_id, book.ts_event_ns)


def _take_gap(published: Published, source: str, message: Message) -> None:
    try:
        gap = decode_gap(message.value() or b"")
    except DecodeError:
        return
    if gap.source != source:
        return
    before = published.gaps.get(gap.gap_id)
    if before is None or _GAP_STATES.index(gap.state) >= _GAP_STATES.index(before.state):
        published.gaps[gap.gap_id] = gap
    known = published.channel(gap.channel)
    if gap.symbol in known and gap.state != "filled":
        by_time = not gap.to_id and gap.cause in _OURS
        _keep(known, gap.symbol, gap.to_ns if by_time else gap.to_id - 1, gap.to_ns)


def _remember(ids: dict[int | str, int], trade: Trade) -> None:
    ids[trade.trade_id] = trade.ts_event_ns
    if len(ids) > 4 * _REMEMBERED:  # what is read may be a day of a busy symbol
        for trade_id in sorted(ids, key=ids.__getitem__)[:-_REMEMBERED]:
            del ids[trade_id]


def _keep(known: dict[str, Known], symbol: str, newest_id: int, ts_event_ns: int) -> None:
    """The largest id holds; tails are read from newer to older."""
    have = known.get(symbol)
    if have is None or newest_id > have.newest_id:
        known[symbol] = Known(newest_id, ts_event_ns)
