"""Events to messages. Pure.

Numbers of the market (prices, sizes, volumes) are JSON numbers with the venue's own digits; `numbers=string` turns them, and the nanosecond
integers, into strings. Scores and indicator values are plain JSON floats.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from gateway.json_text import iso_time, json_number
from gateway.messages import IndicatorsMessage, OhlcvMessage, QuoteMessage, SignalMessage, TradeMessage
from gateway.series import Placed
from schemas.bars import Bar
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.signals import Signal
from schemas.ticks import Quote, Trade

_encode = msgspec.json.Encoder().encode


class Variant(NamedTuple):
    """How a subscription wants its messages: numbers as strings, and only some indicators (by name or key; empty: all)."""

    strings: bool = False
    indicators: tuple[str, ...] = ()


PLAIN = Variant()


def encode(placed: Placed, prev: str | None, epoch: str, variant: Variant) -> bytes:
    """One message as JSON bytes. prev: seq of the series' message before this one, None for its first."""
    number: Any = str if variant.strings else json_number
    nanoseconds: Any = str if variant.strings else int
    message = _SHAPES[type(placed.event)](placed, prev, epoch, number, nanoseconds)
    if variant.indicators and isinstance(message, IndicatorsMessage):
        message.indicators = chosen_indicators(message.indicators, variant.indicators)
    return _encode(message)


def chosen_indicators(every: dict[str, IndicatorValue], wanted: tuple[str, ...]) -> dict[str, IndicatorValue]:
    """Those whose name (`rsi`) or key (`rsi_14`) is wanted."""
    return {key: value for key, value in every.items() if key in wanted or value.name in wanted}


def _trade(placed: Placed, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> TradeMessage:
    trade: Any = placed.event
    return TradeMessage(
        channel="ticks",
        symbol=trade.symbol,
        timestamp=iso_time(trade.ts_event_ns),
        price=number(trade.price),
        volume=number(trade.size),
        source=placed.source,
        kind="trade",
        side=trade.side,
        trade_id=trade.trade_id,
        filled=trade.filled,
        source_seq=trade.seq,
        quality=trade.quality,
        reasons=trade.reasons,
        primary=trade.primary,
        partition=placed.partition,
        seq=placed.seq,
        prev=prev,
        epoch=epoch,
        trace=placed.trace,
        ts_event_ns=nanoseconds(trade.ts_event_ns),
        ts_ingest_ns=nanoseconds(trade.ts_ingest_ns),
        ts_receive_ns=nanoseconds(placed.ts_receive_ns),
    )


def _quote(placed: Placed, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> QuoteMessage:
    quote: Any = placed.event
    return QuoteMessage(
        channel="ticks",
        symbol=quote.symbol,
        timestamp=iso_time(quote.ts_event_ns),
        bid=number(quote.bid),
        bid_size=number(quote.bid_size),
        ask=number(quote.ask),
        ask_size=number(quote.ask_size),
        source=placed.source,
        kind="quote",
        update_id=quote.update_id,
        event_time_is_receive=quote.event_time_is_receive,
        source_seq=quote.seq,
        quality=quote.quality,
        reasons=quote.reasons,
        primary=quote.primary,
        partition=placed.partition,
        seq=placed.seq,
        prev=prev,
        epoch=epoch,
        trace=placed.trace,
        ts_event_ns=nanoseconds(quote.ts_event_ns),
        ts_ingest_ns=nanoseconds(quote.ts_ingest_ns),
        ts_receive_ns=nanoseconds(placed.ts_receive_ns),
    )


def _common(placed: Placed, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> dict[str, Any]:
    """What the messages of all records about one bar share."""
    event: Any = placed.event
    return {
        "channel": str(placed.channel),
        "symbol": event.symbol,
        "timeframe": event.timeframe,
        "timestamp": iso_time(event.ts_open_ns),
        "close": number(event.close),
        "source": placed.source,
        "revision": event.revision,
        "primary": event.primary,
        "partition": placed.partition,
        "seq": placed.seq,
        "prev": prev,
        "epoch": epoch,
        "trace": placed.trace,
        "ts_open_ns": nanoseconds(event.ts_open_ns),
        "ts_close_ns": nanoseconds(event.ts_close_ns),
        "known_at_ns": nanoseconds(event.known_at_ns),
    }


def _bar(placed: Placed, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> OhlcvMessage:
    bar: Any = placed.event
    return OhlcvMessage(
        open=number(bar.open),
        high=number(bar.high),
        low=number(bar.low),
        volume=number(bar.volume),
        quote_volume=number(bar.quote_volume),
        vwap=number(bar.vwap),
        trade_count=bar.trade_count,
        kind=bar.kind,
        quality=bar.quality,
        reasons=bar.reasons,
        **_common(placed, prev, epoch, number, nanoseconds),
    )


def _indicators(placed: Placed, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> IndicatorsMessage:
    record: Any = placed.event
    return IndicatorsMessage(
        indicators=record.indicators,
        seed_bars=record.seed_bars,
        kind=record.bar_kind,
        bar_revision=record.bar_revision,
        quality=record.bar_quality,
        **_common(placed, prev, epoch, number, nanoseconds),
    )


def _signal(placed: Placed, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> SignalMessage:
    signal: Any = placed.event
    return SignalMessage(
        signal=signal.signal,
        action=signal.action,
        score=signal.score,
        confidence=signal.confidence,
        decided_by=signal.decided_by,
        resolution=signal.resolution,
        status=signal.status,
        components=signal.components,
        valid_until=iso_time(signal.valid_until_ns),
        valid_until_ns=nanoseconds(signal.valid_until_ns),
        kind=signal.bar_kind,
        bar_revision=signal.bar_revision,
        quality=signal.bar_quality,
        **_common(placed, prev, epoch, number, nanoseconds),
    )


_SHAPES: dict[type, Callable[[Placed, str | None, str, Any, Any], Struct]] = {
    Trade: _trade,
    Quote: _quote,
    Bar: _bar,
    IndicatorRecord: _indicators,
    Signal: _signal,
}
