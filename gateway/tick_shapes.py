"""Trades and quotes to messages. Pure. number, nanoseconds: how those are written."""

from typing import Any

from gateway.json_text import iso_time
from gateway.messages import QuoteMessage, TradeMessage
from gateway.series import Placed


def trade_message(placed: Placed, trade: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> TradeMessage:
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


def quote_message(placed: Placed, quote: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> QuoteMessage:
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
