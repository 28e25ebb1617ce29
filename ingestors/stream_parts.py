"""What the ingestor of a streaming provider is assembled of, once it is known what was published last."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestors.books.desk import BookDesk
from ingestors.feed import Feed
from ingestors.gap_fill import TradeFiller
from ingestors.history import History
from ingestors.lane import Lane
from ingestors.process_shard import ProcessShard
from ingestors.publisher import EventPublisher
from ingestors.resume import Published
from ingestors.venue import Venue
from runtime.clock import Clock
from runtime.faults import KillPoints
from runtime.kafka import Publisher
from runtime.settings import Settings


@dataclass(frozen=True)
class StreamParts:
    """publisher: of all events. books: every order book that is kept. feed: what becomes of frames."""

    publisher: EventPublisher
    books: BookDesk
    feed: Feed


def stream_parts(
    name: str,
    venue: Venue,
    settings: Settings,
    clock: Clock,
    publisher: Publisher,
    published: Published,
    history: History,
    *,
    on_control: Callable[[Lane, object], None],
    on_progress: Callable[[], None],
    capture_clock: bool,
    shard: ProcessShard,
) -> StreamParts:
    """name: the provider's. history: where missing trades are asked for. capture_clock: event time is a capture's, not the present. shard: what of its symbols
    this process carries."""
    source, process, ingest = venue.settings.source, f"ingest-{name}", settings.ingest
    kill_points = KillPoints(shard.named(process), settings.faults.kill_at, settings.data_dir / "run")
    events = EventPublisher(
        publisher,
        source,
        f"ingest.{name}",
        settings.kafka.partitions,
        trade_ids_contiguous=venue.trade_ids_contiguous,
        kill_points=kill_points,
        own=shard.own,
    )
    books = BookDesk(source, venue.book_rules(), ingest, events.order_book)
    feed = Feed(
        source,
        events,
        TradeFiller(history, source, ingest.gap_fill_max_trades),
        books,
        ingest,
        clock,
        published=published,
        max_frame_bytes=venue.settings.max_frame_bytes,
        limit_name=f"{venue.section}.max_frame_bytes",
        process=process,
        kill_points=kill_points,
        on_control=on_control,
        on_progress=on_progress,
        capture_clock=capture_clock,
        quotes_numbered=venue.quotes_numbered,
    )
    return StreamParts(events, books, feed)
