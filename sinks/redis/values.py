"""What is written: one Write a key and part, made from events. No I/O.

Prices and sizes stay decimal text in the JSON, exactly as the venue wrote them; times are ISO text and integer nanoseconds.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from cache.guard import Write, order_of
from cache.keys import joined
from cache.kinds import KINDS, Kind, lifetime_s
from schemas.bars import Bar
from schemas.indicators import IndicatorRecord
from schemas.signals import Signal
from schemas.ticks import Quote, Trade

_QUOTE, _FORMING = KINDS["quote"], KINDS["forming"]
_encode = msgspec.json.Encoder().encode
_SECOND_NS = 1_000_000_000
_NO_TRADE = b'"price":null,"volume":null,"side":null,"trade_id":null,"trade_ts_event_ns":null,"trade_seq":null'
_NO_QUOTE = b'"bid":null,"bid_size":null,"ask":null,"ask_size":null,"quote_ts_event_ns":null,"quote_seq":null'


def tick_order(tick: Trade | Quote) -> tuple[int, int]:
    """Time, then the position in the series: of two quotes in one nanosecond the later one counts."""
    return tick.ts_event_ns, tick.seq


def quote_write(tick: Trade | Quote, source: str, quote_lifetime_s: int) -> Write:
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
    order = order_of(*tick_order(tick))
    return Write(joined(_QUOTE, tick.symbol), part, order, source, _members(head), _members(body), quote_lifetime_s, other, absent)


def _trade_body(trade: Trade) -> dict[str, Any]:
    return {
        "price": trade.price,
        "volume": trade.size,
        "side": trade.side,
        "trade_id": trade.trade_id,
        "trade_ts_event_ns": trade.ts_event_ns,
        "trade_seq": trade.seq,
    }


def _quote_body(quote: Quote) -> dict[str, Any]:
    return {
        "bid": quote.bid,
        "bid_size": quote.bid_size,
        "ask": quote.ask,
        "ask_size": quote.ask_size,
        "quote_ts_event_ns": quote.ts_event_ns,
        "quote_seq": quote.seq,
    }


def series_write(kind: Kind, event: Bar | IndicatorRecord | Signal) -> Write:
    """The whole event under its series' key, newest bar and revision first."""
    return _event_write(kind, event, order_of(event.ts_open_ns, event.revision))


def forming_write(bar: Bar) -> Write:
    """The open bar as it stands: newest interval, then the one that knows more."""
    return _event_write(_FORMING, bar, order_of(bar.ts_open_ns, bar.known_at_ns))


def _event_write(kind: Kind, event: Bar | IndicatorRecord | Signal, order: str) -> Write:
    key = joined(kind, event.symbol, event.timeframe)
    head = {"timestamp": iso(event.ts_open_ns)}
    return Write(key, "value", order, event.source, _members(head), _members(event), lifetime_s(kind, event.timeframe))


def iso(ts_ns: int) -> str:
    """`2024-08-08T23:58:01.123456Z`; no text if no calendar has the time."""
    second = _second(ts_ns // _SECOND_NS)
    return f"{second}.{ts_ns // 1000 % 1_000_000:06d}Z" if second else ""


@lru_cache(1024)
def _second(seconds: int) -> str:
    """The ticks of a batch share their seconds."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""


def _members(value: Any) -> bytes:
    return _encode(value)[1:-1]
