"""What all ingestors share."""

from pydantic import Field

from runtime.sections import Section


class IngestSettings(Section):
    """Shared by all ingestors."""

    flush_ticks: int = Field(500, ge=1, le=2_000, description="ticks at which an envelope is sent at once")
    flush_interval_s: float = Field(0.0005, ge=0, le=1, description="so long a tick waits for others that share its envelope")
    flush_most_s: float = Field(
        0.01,
        ge=0,
        le=1,
        description="so long it waits where many come (4 ms at 20,000 ticks a second), since all readers pay by the envelope too",
    )
    queue_frames: int = Field(
        20_000, ge=100, le=1_000_000, description="frames between the socket reader and the parser; full: the socket waits"
    )
    queue_mb: int = Field(8, ge=1, le=1_024, description="bytes of these frames together; full: the socket waits")
    conflate_quotes: bool = Field(
        True,
        description="while the broker does not keep up and the queue is full, leave out quotes that a newer one has overtaken (counted)",
    )
    watermark_interval_s: float = Field(0.25, gt=0, le=10, description="watermarks are written so often, of the ingest clock's time")
    watermark_delay_s: float = Field(1.0, ge=0, le=60, description="how far event time may run behind the clock while nothing comes")
    gap_fill_max_trades: int = Field(100_000, ge=0, le=10_000_000, description="a larger hole is not fetched and is told as unfillable")
    import_waiting: int = Field(
        100_000,
        ge=1_000,
        le=100_000_000,
        description="rows of `tickerplant import` that may wait in the line: more hold live data up for longer",
    )
    book_levels: int = Field(20, ge=0, le=500, description="best levels of an order book that go to market.books; 0: no books are kept")
    book_interval_s: float = Field(0.1, ge=0, le=60, description="changes of a book within it become one event, of the ingest clock's time")
    book_snapshot_s: float = Field(10.0, gt=0, le=3600, description="the best levels are told whole so often, else what changed")
    silence_timeout_s: float = Field(
        30.0, gt=0, le=3600, description="no data for so long while a market is open: the connection is taken for dead"
    )
    capture: bool = Field(
        False, description="keep the raw frames, compressed, in <data dir>/capture/<source>, or <source>-1of2 with --shard 1/2"
    )
    capture_file_mb: int = Field(64, ge=1, le=4_096, description="a file of the capture so large is followed by a new one")
    capture_keep_files: int = Field(16, ge=1, le=10_000, description="older files of the capture are deleted")
