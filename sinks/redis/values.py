"""What is written: one Write a key and part, made from events. No I/O.

Prices and sizes stay decimal text in the JSON, exactly as the venue wrote them; times are ISO text and integer nanoseconds.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from schemas.bars import Bar
from schemas.indicators import IndicatorRecord
from schemas.signals import Signal
from schemas.ticks import Quote, Trade
from sinks.redis.keys import SeriesKind, quote_key, series_key, series_ttl_s

_encode = msgspec.json.Encoder().encode
_SECOND_NS = 1_000_000_000
_NO_TRADE = b'"price":null,"volume":null,"side":null,"trade_id":null,"trade_ts_event_ns":null'
_NO_QUOTE = b'"bid":null,"bid_size":null,"ask":null,"ask_size":null,"quote_ts_event_ns":null'


class Write(NamedTuple):
    """One guarded write. order: fixed-width text that grows with the event's time. head, body: members of a JSON object, without braces."""

    key: str
    part: str
    order: str
    source: str
    head: bytes
    body: bytes
    ttl_s: int
    other: str = ""
    other_absent: bytes = b""


def order_of(time_ns: int, number: int) -> str:
    """Compares as text like (time_ns, number) as numbers, for times from 1970 on. Times before that are all the oldest."""
    return f"{max(time_ns, 0):020d}{max(number, 0):020d}"


def tick_order(tick: Trade | Quote) -> tuple[int, int]:
    """Time, then the position in the series: of two quotes in one nanosecond the later one counts."""
    return tick.ts_event_ns, tick.seq


def quote_write(tick: Trade | Quote, source: str, ttl_s: int) -> Write:
    """The trade's or the quote's part of quote:SYMBOL."""
    trade = isinstance(tick, Trade)
    body = _trade_body(tick) if isinstance(tick, Trade) else _quote_body(tick)
    head = {
        "symbol": tick.symbol,
        "source": source,
        "timestamp": iso(tick.ts_event_ns),
        "ts_event_ns": tick.ts_event_ns,
        "quality": tick.quality,
        "reasons": tick.reasons,
    }
    part, other, absent = ("trade", "quote", _NO_QUOTE) if trade else ("quote", "trade", _NO_TRADE)
    return Write(quote_key(tick.symbol), part, order_of(*tick_order(tick)), source, _members(head), _members(body), ttl_s, other, absent)


def _trade_body(trade: Trade) -> dict[str, Any]:
    return {
        "price": trade.price,
        "volume": trade.size,
        "side": trade.side,
        "trade_id": trade.trade_id,
        "trade_ts_event_ns": trade.ts_event_ns,
    }


def _quote_body(quote: Quote) -> dict[str, Any]:
    return {
        "bid": quote.bid,
        "bid_size": quote.bid_size,
        "ask": quote.ask,
        "ask_size": quote.ask_size,
        "quote_ts_event_ns": quote.ts_event_ns,
    }


def series_write(kind: SeriesKind, event: Bar | IndicatorRecord | Signal) -> Write:
    """The whole event under its series' key, newest bar and revision first."""
    head = {"timestamp": iso(event.ts_open_ns)}
    key = series_key(kind, event.symbol, event.timeframe)
    order = order_of(event.ts_open_ns, event.revision)
    return Write(key, "value", order, event.source, _members(head), _members(event), series_ttl_s(event.timeframe))


def iso(ts_ns: int) -> str:
    """`2024-08-08T23:58:01.123456Z`; null text if no calendar has the time."""
    try:
        second = datetime.fromtimestamp(ts_ns // _SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{second}.{ts_ns // 1000 % 1_000_000:06d}Z"


def _members(value: Any) -> bytes:
    return _encode(value)[1:-1]
