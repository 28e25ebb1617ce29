"""The topics, once: logical name, what it holds, how it is kept. Physical names are settings; partition counts never change under data."""

from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Topic(StrEnum):
    """Logical names. Code speaks of `Topic.TICKS`; only clients translate to the physical name."""

    TICKS_RAW = "market.ticks.raw"
    BARS_RAW = "market.bars.raw"
    BOOKS_RAW = "market.books.raw"
    TICKS = "market.ticks"
    BARS = "market.bars"
    BARS_FORMING = "market.bars.forming"
    BOOKS = "market.books"
    INDICATORS = "market.indicators"
    SIGNALS = "market.signals"
    ALERTS = "market.alerts"
    QUALITY = "market.quality"
    GAPS = "market.gaps"
    SOURCES = "market.sources"
    CONTROL = "market.control"
    DLQ = "market.dlq"
    STATE_VALIDATE = "market.state.validate"
    STATE_BARS = "market.state.bars"
    STATE_INDICATORS = "market.state.indicators"
    STATE_SIGNALS = "market.state.signals"
    STATE_ALERTS = "market.state.alerts"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is created and what it costs.

    retention_ms: how long records are kept (-1: for ever).
    compacted: only the newest record of a key survives; such topics are read by plain clients only, never by Faust.
    bytes_per_million: disk taken by a million ticks' worth of records after lz4, measured on the recorded traffic in real time; for the sizing table.
    """

    holds: str
    retention_ms: int
    compacted: bool = False
    bytes_per_million: int = 0


_STATE = TopicSpec("snapshots of a stage's state, two slots a partition", -1, compacted=True, bytes_per_million=200_000)

SPECS: dict[Topic, TopicSpec] = {
    Topic.TICKS_RAW: TopicSpec(
        "envelopes of ticks and watermarks, as normalised by an ingestor, and which bars polled sources offer",
        2 * DAY_MS,
        bytes_per_million=130_000_000,
    ),
    Topic.BARS_RAW: TopicSpec("bars built by the venue, and whose are the primary ones", 7 * DAY_MS, bytes_per_million=1_000_000),
    Topic.BOOKS_RAW: TopicSpec("order-book differences as sent by the venue", 1 * DAY_MS, bytes_per_million=75_000_000),
    Topic.TICKS: TopicSpec("validated ticks with score, reasons and seq", 7 * DAY_MS, bytes_per_million=140_000_000),
    Topic.BARS: TopicSpec("closed bars and their revisions", 30 * DAY_MS, bytes_per_million=2_000_000),
    Topic.BARS_FORMING: TopicSpec("bars that are still open, as they stand, at most every 250 ms a symbol", HOUR_MS),
    Topic.BOOKS: TopicSpec("the best levels of order books that were checked: snapshots and changes", 1 * DAY_MS),
    Topic.INDICATORS: TopicSpec("one record a closed bar, holding all configured indicators", 30 * DAY_MS, bytes_per_million=2_000_000),
    Topic.SIGNALS: TopicSpec("one record a closed bar, hold included", 30 * DAY_MS, bytes_per_million=2_000_000),
    Topic.ALERTS: TopicSpec("what rules found: alerts raised, cleared, withdrawn", 30 * DAY_MS),
    Topic.QUALITY: TopicSpec(
        "quality of a source and symbol over a few seconds: counts, latency, score", 30 * DAY_MS, bytes_per_million=2_000_000
    ),
    Topic.GAPS: TopicSpec("breaks of continuity and their filling", 90 * DAY_MS, bytes_per_million=10_000),
    Topic.SOURCES: TopicSpec(
        "what is asked of a source at run time (symbols, state, priority): the newest of each holds; and changes of a symbol's primary source",
        -1,
    ),
    Topic.CONTROL: TopicSpec("changes of alert rules, in every partition: the ledger that `tickerplant alerts list` reads", -1),
    Topic.DLQ: TopicSpec("dead letters with their original bytes", 30 * DAY_MS),
    Topic.STATE_VALIDATE: _STATE,
    Topic.STATE_BARS: _STATE,
    Topic.STATE_INDICATORS: _STATE,
    Topic.STATE_SIGNALS: _STATE,
    Topic.STATE_ALERTS: _STATE,
}
