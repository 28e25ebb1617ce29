"""Ticks: trades and quotes, carried in envelopes, and the watermarks between them. Topics market.ticks.raw and market.ticks.

Prices and sizes are decimal text, exactly as the provider wrote them. Times are integer nanoseconds since 1970-01-01 UTC.
"""

from typing import Literal

from msgspec import Struct

from schemas.sources import DEFAULT_PRIORITY

Side = Literal["buy", "sell", ""]


class Trade(Struct, tag_field="kind", tag="trade", omit_defaults=True, gc=False):
    """One execution.

    ts_event_ns: the venue's time of the trade; ts_ingest_ns: the ingestor's clock at receipt (in a replay the capture's).
    trade_id: the venue's id, an integer where the venue counts; side: the aggressor's side.
    filled: fetched over REST to fill a hole. seq, quality, reasons, primary, primary_epoch: set by validate.
    seq is consecutive per (symbol, source) over trades and quotes together, from 1: a reader sees a loss without asking.
    """

    symbol: str
    price: str
    size: str
    ts_event_ns: int
    ts_ingest_ns: int
    trade_id: int | str
    side: Side = ""
    filled: bool = False
    seq: int = 0
    quality: float = 1.0
    reasons: tuple[str, ...] = ()
    primary: bool = True
    primary_epoch: int = 0


class Quote(Struct, tag_field="kind", tag="quote", omit_defaults=True, gc=False):
    """Best bid and ask. Where both are one price and both sizes 0 it is a value that was published, such as an index's: nobody offers to trade at it.

    update_id: the venue's number of the book state; identifies the quote where the venue gives no time.
    event_time_is_receive: the venue gave no event time (Binance's book ticker), ts_event_ns is the receive time.
    """

    symbol: str
    bid: str
    bid_size: str
    ask: str
    ask_size: str
    ts_event_ns: int
    ts_ingest_ns: int
    update_id: int
    event_time_is_receive: bool = False
    seq: int = 0
    quality: float = 1.0
    reasons: tuple[str, ...] = ()
    primary: bool = True
    primary_epoch: int = 0


Tick = Trade | Quote


class TickEnvelope(Struct, tag_field="type", tag="ticks"):
    """The ticks of one source for one partition, many symbols, oldest first by receipt.

    ts_receive_ns: the machine's real clock when the oldest frame in it was received; latency is measured from it, nothing else uses it.
    trade_ids_contiguous: the source numbers a symbol's trades without holes, so a missing number is a lost trade.
    """

    source: str
    ts_receive_ns: int
    ticks: list[Trade | Quote]
    trade_ids_contiguous: bool = False
    v: int = 1


class UnreadQuote(Struct, tag_field="kind", tag="quote", gc=False):
    """A quote to a reader that wants trades only: its fields are passed over unread."""


class TradeEnvelope(Struct, tag_field="type", tag="ticks"):
    """A TickEnvelope to such a reader."""

    source: str
    ts_receive_ns: int
    ticks: list[Trade | UnreadQuote]
    trade_ids_contiguous: bool = False
    v: int = 1


class NewPrimary(Struct):
    """From the watermark on that says so, `source` is the symbol's primary source, in the place of `previous`. epoch: how often it has changed by then."""

    symbol: str
    source: str
    previous: str
    epoch: int


class Watermark(Struct, tag_field="type", tag="watermark"):
    """Event time that a source has reached on a partition: no earlier event is expected. It closes the bars of idle symbols.

    Written by the ingestor a few times a second while its connection lives, and when it ends.
    ts_ingest_ns: the ingestor's clock when it was written; what closes because of it became known then.
    priority: of the source among those of a symbol, the lowest is preferred. changes: set by validate.
    """

    source: str
    partition: int
    ts_event_ns: int
    ts_ingest_ns: int
    ts_receive_ns: int
    priority: int = DEFAULT_PRIORITY
    changes: tuple[NewPrimary, ...] = ()
    v: int = 1


TickRecord = TickEnvelope | Watermark
TradeRecord = TradeEnvelope | Watermark
