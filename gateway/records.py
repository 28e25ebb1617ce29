"""Kafka records to placed events. Of what is not a tick only the head is decoded: who, where from, which interval. The rest is read when somebody
wants it."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from msgspec import Struct

from gateway.series import CHANNELS, TRAITS, Channel, Event, Placed
from runtime.records import received_ns_of, trace_of
from runtime.stage import InputRecord
from schemas import headers
from schemas.codec import (
    decode_alert,
    decode_bar,
    decode_gap,
    decode_indicators,
    decode_quality,
    decode_signal,
    decode_ticks,
    decoder,
)
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic

_DECODERS: dict[Channel, Callable[[bytes], Event]] = {
    Channel.OHLCV: decode_bar,
    Channel.OHLCV_FORMING: decode_bar,
    Channel.INDICATORS: decode_indicators,
    Channel.SIGNALS: decode_signal,
    Channel.ALERTS: decode_alert,
    Channel.QUALITY: decode_quality,
    Channel.GAPS: decode_gap,
}


class _Head(Struct, gc=False):
    """What all records that are not ticks say of themselves, as far as they say it."""

    symbol: str
    source: str
    timeframe: str = ""
    ts_open_ns: int = 0
    ts_to_ns: int = 0
    gap_id: str = ""
    primary: bool = True


_decode_head: Callable[[bytes], _Head] = decoder(_Head)
_ORDERS: dict[Channel, Callable[[_Head, InputRecord], int | str]] = {
    Channel.OHLCV: lambda head, record: head.ts_open_ns,
    Channel.INDICATORS: lambda head, record: head.ts_open_ns,
    Channel.SIGNALS: lambda head, record: head.ts_open_ns,
    Channel.QUALITY: lambda head, record: head.ts_to_ns,
    Channel.GAPS: lambda head, record: head.gap_id,
    Channel.ALERTS: lambda head, record: record.offset,
}
_WITHOUT_TIMEFRAME = frozenset({Channel.ALERTS})  # a rule's alerts are one series, whichever bars it judges


def place(record: InputRecord) -> Placed:
    """The place of a record that is not of ticks. Raises DecodeError."""
    channel = CHANNELS[record.topic]
    head = _decode_head(record.value)
    order = _ORDERS.get(channel)
    return Placed(
        channel,
        head.symbol,
        head.source,
        "" if channel in _WITHOUT_TIMEFRAME else head.timeframe,
        head.primary and TRAITS[channel].has_primary,
        record.partition,
        record.offset,
        0,
        trace_of(record),
        received_ns_of(record.headers),
        order(head, record) if order else 0,
        record.value,
    )


def event_of(placed: Placed) -> Event:
    """The event of a record that is one by itself: not of ticks or books. Raises DecodeError."""
    return _DECODERS[placed.channel](placed.value)


def is_watermark(record: InputRecord) -> bool:
    return record.topic is Topic.TICKS and record.headers.get(headers.TYPE) == b"watermark"


def symbols_of(record: InputRecord) -> list[str]:
    """The symbols in a record of ticks, as its header names them; empty if it names none."""
    names = record.headers.get(headers.SYMBOLS, b"").decode("utf-8", "replace")
    return names.split(",") if names else []


def ticks_of(record: InputRecord, symbols: Collection[str] = ()) -> Iterator[tuple[Placed, Trade | Quote]]:
    """The ticks in a record, of those symbols if any are named; none in a watermark. Raises DecodeError at the first step."""
    envelope: Any = decode_ticks(record.value)
    if not isinstance(envelope, TickEnvelope):
        return
    trace, source, received_ns = trace_of(record), envelope.source, envelope.ts_receive_ns
    partition, offset = record.partition, record.offset
    for index, tick in enumerate(envelope.ticks):
        if not symbols or tick.symbol in symbols:
            yield Placed(Channel.TICKS, tick.symbol, source, "", tick.primary, partition, offset, index, trace, received_ns), tick
