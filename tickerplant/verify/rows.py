"""Rows of the tables as verify reads them. Field names are column names; "timestamp" comes as whole microseconds since 1970."""

from decimal import Decimal
from typing import Any, NamedTuple


class TickRow(NamedTuple):
    """market_ticks; price to trade_id of trades, bid to update_id of quotes, None for the other kind."""

    timestamp_us: int
    kind: str
    price: Decimal | None
    volume: Decimal | None
    side: str | None
    trade_id: str | None
    bid: Decimal | None
    bid_size: Decimal | None
    ask: Decimal | None
    ask_size: Decimal | None
    update_id: int | None
    seq: int
    quality_score: float
    reasons: list[str]
    ts_event_ns: int
    ts_ingest_ns: int
    event_time_is_receive: bool
    filled: bool


class BarRow(NamedTuple):
    """market_ohlcv."""

    timestamp_us: int
    open_price: Decimal
    high_price: Decimal
    low_price: Decimal
    close_price: Decimal
    volume: Decimal
    quote_volume: Decimal
    vwap: Decimal
    trade_count: int
    kind: str
    revision: int
    quality_score: float
    reasons: list[str]
    ts_open_ns: int
    ts_close_ns: int
    known_at_ns: int
    is_primary: bool
    primary_epoch: int


class IndicatorRow(NamedTuple):
    """technical_indicators."""

    timestamp_us: int
    indicator_name: str
    output: str
    value: float
    parameters: dict[str, Any]
    warm: bool
    minimum_bars: int
    seed_bars: int
    revision: int
    bar_revision: int
    bar_kind: str
    bar_quality: float
    close_price: Decimal
    ts_open_ns: int
    ts_close_ns: int
    known_at_ns: int
    is_primary: bool
    primary_epoch: int


class SignalRow(NamedTuple):
    """trading_signals."""

    timestamp_us: int
    signal: int
    action: str
    score: float
    confidence: float
    decided_by: str
    resolution: str
    status: str
    components: dict[str, Any]
    close_price: Decimal
    revision: int
    bar_revision: int
    bar_kind: str
    bar_quality: float
    ts_open_ns: int
    ts_close_ns: int
    known_at_ns: int
    valid_until_ns: int
    is_primary: bool
    primary_epoch: int


class GapRow(NamedTuple):
    """market_gaps."""

    gap_id: str
    channel: str
    state: str
    from_id: int
    to_id: int
    size: int
    filled: int
