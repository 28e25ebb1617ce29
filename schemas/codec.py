"""Bytes to events and back. Encoders and decoders are built once.

Decoding raises `DecodeError` or its child `SchemaError` and nothing else, whatever the bytes are.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from schemas.alerts import Alert
from schemas.bars import Bar, ProviderBar
from schemas.books import Book, BookDifference
from schemas.control import RuleChange
from schemas.dead_letters import DeadLetter
from schemas.gaps import Gap
from schemas.indicators import IndicatorRecord
from schemas.quality import QualityRecord
from schemas.signals import Signal
from schemas.sources import BarOffer, PrimaryChange, SourceRecord
from schemas.ticks import TickEnvelope, TickRecord, TradeRecord, Watermark
from schemas.topics import Topic

DecodeError = msgspec.DecodeError  # not JSON, text that is not UTF-8, nesting without end
SchemaError = msgspec.ValidationError  # JSON, but not the event; a child of DecodeError

_encoder = msgspec.json.Encoder()
encode = _encoder.encode


def decoder(kind: Any) -> Callable[[bytes], Any]:
    """For a Struct, also one of a reader's own that wants a few fields only.

    msgspec lets two errors of Python's own through: broken UTF-8 within a string, and nesting beyond the recursion limit.
    """
    decode_json = msgspec.json.Decoder(kind).decode

    def decode(value: bytes) -> Any:
        try:
            return decode_json(value)
        except (UnicodeDecodeError, RecursionError) as error:
            raise DecodeError(str(error)) from None

    return decode


decode_raw_ticks: Callable[[bytes], TickRecord | BarOffer] = decoder(TickRecord | BarOffer)
decode_ticks: Callable[[bytes], TickRecord] = decoder(TickRecord)
decode_trades: Callable[[bytes], TradeRecord] = decoder(TradeRecord)
decode_bar: Callable[[bytes], Bar] = decoder(Bar)
decode_provider_bar: Callable[[bytes], ProviderBar] = decoder(ProviderBar)
decode_bar_primary: Callable[[bytes], PrimaryChange] = decoder(PrimaryChange)
decode_book: Callable[[bytes], BookDifference] = decoder(BookDifference)
decode_order_book: Callable[[bytes], Book] = decoder(Book)
decode_indicators: Callable[[bytes], IndicatorRecord] = decoder(IndicatorRecord)
decode_signal: Callable[[bytes], Signal] = decoder(Signal)
decode_gap: Callable[[bytes], Gap] = decoder(Gap)
decode_quality: Callable[[bytes], QualityRecord] = decoder(QualityRecord)
decode_alert: Callable[[bytes], Alert] = decoder(Alert)
decode_control: Callable[[bytes], RuleChange] = decoder(RuleChange)
decode_source: Callable[[bytes], SourceRecord] = decoder(SourceRecord)
decode_dead_letter: Callable[[bytes], DeadLetter] = decoder(DeadLetter)

EVENTS: dict[Topic, Any] = {
    Topic.TICKS_RAW: TickEnvelope | Watermark | BarOffer,
    Topic.TICKS: TickEnvelope | Watermark,
    Topic.BARS_RAW: ProviderBar | PrimaryChange,
    Topic.BARS: Bar,
    Topic.BARS_FORMING: Bar,
    Topic.BOOKS_RAW: BookDifference,
    Topic.BOOKS: Book,
    Topic.INDICATORS: IndicatorRecord,
    Topic.SIGNALS: Signal,
    Topic.QUALITY: QualityRecord,
    Topic.ALERTS: Alert,
    Topic.GAPS: Gap,
    Topic.SOURCES: SourceRecord,
    Topic.CONTROL: RuleChange,
    Topic.DLQ: DeadLetter,
}
