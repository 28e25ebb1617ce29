"""The messages of the channels that S2 12.2 does not draw: books, alerts, quality, gaps, the market's summary. In the order in which they are written."""

from msgspec import Struct

from gateway.messages import Nanoseconds, Number
from schemas.alerts import AlertReason, AlertState, Severity
from schemas.gaps import GapCause, GapChannel, GapState


class OrderBookMessage(Struct):
    """channel orderbook: the best levels as they stand, (price, size), best first. Each message is whole.

    is_valid: false where the book broke (reason): it is empty until the venue's next snapshot.
    """

    channel: str
    symbol: str
    timestamp: str
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]
    source: str
    depth: int
    update_id: int
    is_valid: bool
    reason: str
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_event_ns: Nanoseconds
    ts_ingest_ns: Nanoseconds


class AlertMessage(Struct):
    """channel alerts: one event of an alert. timeframe: of the bars that the rule judges, "" for gaps and sources."""

    channel: str
    symbol: str
    timestamp: str
    message: str
    severity: Severity
    state: AlertState
    reason: AlertReason
    source: str
    timeframe: str
    kind: str
    rule_id: str
    rule_version: str
    alert_id: str
    episode_id: str
    withdraws: str
    subject: str
    measured: str
    threshold: str
    revision: int
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_event_ns: Nanoseconds
    known_at_ns: Nanoseconds


class QualityMessage(Struct):
    """channel quality: what validate saw of one symbol and source over a few seconds."""

    channel: str
    symbol: str
    timestamp: str
    score: float
    source: str
    total: int
    valid: int
    invalid: int
    duplicate: int
    out_of_order: int
    gaps: int
    reasons: dict[str, int]
    primary: bool
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    latency_average_ns: Nanoseconds
    latency_p99_ns: Nanoseconds
    ts_from_ns: Nanoseconds
    ts_to_ns: Nanoseconds


class GapMessage(Struct):
    """channel gaps: a break of continuity; the same gap_id comes again when it is filled or given up."""

    channel: str
    symbol: str
    timestamp: str
    gap_id: str
    state: GapState
    cause: GapCause
    source: str
    gap_channel: GapChannel
    size: int
    filled: int
    from_id: int
    to_id: int
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    from_ns: Nanoseconds
    to_ns: Nanoseconds
    known_at_ns: Nanoseconds


class SummaryMessage(Struct):
    """channel market-summary: the last day of one symbol, made from its closed bars whenever its minute closes. timestamp: until when."""

    channel: str
    symbol: str
    timestamp: str
    last: Number
    change: Number
    change_percent: Number
    open: Number
    high: Number
    low: Number
    volume: Number
    quote_volume: Number
    trade_count: int
    source: str
    quality: float
    primary: bool
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_from_ns: Nanoseconds
    ts_to_ns: Nanoseconds
    known_at_ns: Nanoseconds
