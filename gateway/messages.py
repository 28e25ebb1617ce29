"""The messages of the channels, field by field, in the order in which they are written (S2 12.2 with added fields only)."""

from msgspec import Raw, Struct

from schemas.indicators import IndicatorValue
from schemas.signals import SignalComponent

Number = Raw | str  # a JSON number with the venue's own digits, or a string with `numbers=string`
Nanoseconds = int | str  # since 1970-01-01 UTC; larger than what a JavaScript number holds exactly


class TradeMessage(Struct, gc=False):
    """channel ticks, kind trade."""

    channel: str
    symbol: str
    timestamp: str
    price: Number
    volume: Number
    source: str
    kind: str
    side: str
    trade_id: int | str
    filled: bool
    source_seq: int
    quality: float
    reasons: tuple[str, ...]
    primary: bool
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_event_ns: Nanoseconds
    ts_ingest_ns: Nanoseconds
    ts_receive_ns: Nanoseconds


class QuoteMessage(Struct, gc=False):
    """channel ticks, kind quote. event_time_is_receive: the venue gave no time of its own."""

    channel: str
    symbol: str
    timestamp: str
    bid: Number
    bid_size: Number
    ask: Number
    ask_size: Number
    source: str
    kind: str
    update_id: int
    event_time_is_receive: bool
    source_seq: int
    quality: float
    reasons: tuple[str, ...]
    primary: bool
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_event_ns: Nanoseconds
    ts_ingest_ns: Nanoseconds
    ts_receive_ns: Nanoseconds


class OhlcvMessage(Struct):
    """channel ohlcv: a closed bar. timestamp is its opening time."""

    channel: str
    symbol: str
    timeframe: str
    timestamp: str
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    quote_volume: Number
    vwap: Number
    trade_count: int
    source: str
    kind: str
    revision: int
    quality: float
    reasons: tuple[str, ...]
    primary: bool
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_open_ns: Nanoseconds
    ts_close_ns: Nanoseconds
    known_at_ns: Nanoseconds


class IndicatorsMessage(Struct):
    """channel indicators: all indicators of one closed bar, or those asked for."""

    channel: str
    symbol: str
    timeframe: str
    timestamp: str
    indicators: dict[str, IndicatorValue]
    close: Number
    seed_bars: int
    source: str
    kind: str
    revision: int
    bar_revision: int
    quality: float
    primary: bool
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_open_ns: Nanoseconds
    ts_close_ns: Nanoseconds
    known_at_ns: Nanoseconds


class SignalMessage(Struct):
    """channel signals: the composite of one closed bar, hold included. valid_until: event time after which it must not be acted on."""

    channel: str
    symbol: str
    timeframe: str
    timestamp: str
    signal: int
    action: str
    score: float
    confidence: float
    decided_by: str
    resolution: str
    status: str
    components: dict[str, SignalComponent]
    valid_until: str
    close: Number
    source: str
    kind: str
    revision: int
    bar_revision: int
    quality: float
    primary: bool
    partition: int
    seq: str
    prev: str | None
    epoch: str
    trace: str
    ts_open_ns: Nanoseconds
    ts_close_ns: Nanoseconds
    known_at_ns: Nanoseconds
    valid_until_ns: Nanoseconds
