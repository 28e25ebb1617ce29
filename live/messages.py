"""The channels' messages, typed. Prices, sizes and volumes are decimals with the venue's own digits; scores and indicator values are floats.

Times: `timestamp` is an aware datetime (UTC, to the microsecond); `*_ns` are nanoseconds since 1970-01-01 UTC. Fields that a newer gateway adds are ignored.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct


class Update(Struct, kw_only=True, frozen=True):
    """What all say. seq: its place in the series; prev: that of the message before it; epoch: what both belong to. timeframe: "" where there is none."""

    channel: str
    symbol: str
    source: str
    timestamp: datetime
    partition: int
    seq: str
    prev: str | None
    epoch: str
    timeframe: str = ""
    trace: str = ""


class Trade(Update, kw_only=True, frozen=True):
    """Channel ticks. side: of the taker. filled: fetched later, to fill a hole. source_seq: the tick's number within its symbol and source."""

    kind: Literal["trade"]
    price: Decimal
    volume: Decimal
    side: str
    trade_id: int | str
    filled: bool
    source_seq: int
    quality: float
    reasons: tuple[str, ...]
    primary: bool
    ts_event_ns: int
    ts_ingest_ns: int
    ts_receive_ns: int


class Quote(Update, kw_only=True, frozen=True):
    """Channel ticks. event_time_is_receive: the venue gave no time of its own."""

    kind: Literal["quote"]
    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal
    update_id: int
    event_time_is_receive: bool
    source_seq: int
    quality: float
    reasons: tuple[str, ...]
    primary: bool
    ts_event_ns: int
    ts_ingest_ns: int
    ts_receive_ns: int


class OfBar(Update, kw_only=True, frozen=True):
    """What is said of one bar; timestamp is its opening time. revision: grows when it, or what it is made from, was corrected."""

    close: Decimal
    kind: str
    revision: int
    quality: float
    primary: bool
    ts_open_ns: int
    ts_close_ns: int
    known_at_ns: int


class Bar(OfBar, kw_only=True, frozen=True):
    """Channels ohlcv and ohlcv_forming (kind `forming`)."""

    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    vwap: Decimal
    trade_count: int
    reasons: tuple[str, ...]


class IndicatorValue(Struct, kw_only=True, frozen=True):
    """One indicator at one bar: values by output name; warm: it has seen its minimum of bars."""

    name: str
    parameters: dict[str, float]
    values: dict[str, float]
    warm: bool
    minimum_bars: int


class Indicators(OfBar, kw_only=True, frozen=True):
    """Channel indicators: by key, as `rsi_14`."""

    indicators: dict[str, IndicatorValue]
    seed_bars: int
    bar_revision: int


class Component(Struct, kw_only=True, frozen=True):
    """One indicator's vote: -1 sell, 0 hold, 1 buy."""

    signal: int
    weight: float
    warm: bool


class Signal(OfBar, kw_only=True, frozen=True):
    """Channel signals: the composite of one closed bar, hold included. Not to be acted on after valid_until."""

    signal: int
    action: Literal["buy", "sell", "hold"]
    score: float
    confidence: float
    decided_by: str
    resolution: str
    status: str
    components: dict[str, Component]
    bar_revision: int
    valid_until: datetime
    valid_until_ns: int


class OrderBook(Update, kw_only=True, frozen=True):
    """Channel orderbook: (price, size), best first, whole in every message. Not valid: empty until the venue's next snapshot, `reason` says why."""

    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    depth: int
    update_id: int
    is_valid: bool
    reason: str
    ts_event_ns: int
    ts_ingest_ns: int


class Alert(Update, kw_only=True, frozen=True):
    """Channel alerts: raised, cleared or withdrawn."""

    message: str
    severity: str
    state: str
    reason: str
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
    ts_event_ns: int
    known_at_ns: int


class Quality(Update, kw_only=True, frozen=True):
    """Channel quality: of one symbol and source over a few seconds; reasons: how often each took score."""

    score: float
    total: int
    valid: int
    invalid: int
    duplicate: int
    out_of_order: int
    gaps: int
    reasons: dict[str, int]
    primary: bool
    latency_average_ns: int
    latency_p99_ns: int
    ts_from_ns: int
    ts_to_ns: int


class Gap(Update, kw_only=True, frozen=True):
    """Channel gaps: a break of continuity; the same gap_id comes again when it is filled or given up."""

    gap_id: str
    state: str
    cause: str
    gap_channel: str
    size: int
    filled: int
    from_id: int
    to_id: int
    from_ns: int
    to_ns: int
    known_at_ns: int


class Summary(Update, kw_only=True, frozen=True):
    """Channel market-summary: the last day of one symbol, or as much of it as the gateway has seen."""

    last: Decimal
    change: Decimal
    change_percent: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    trade_count: int
    quality: float
    primary: bool
    ts_from_ns: int
    ts_to_ns: int
    known_at_ns: int
