"""Bytes to events and back. Encoders and decoders are built once; decoding raises `schemas.codec.DecodeError` or its child `SchemaError`."""

from typing import Any

import msgspec

from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.dead_letters import DeadLetter
from schemas.gaps import Gap
from schemas.indicators import IndicatorRecord
from schemas.signals import Signal
from schemas.ticks import TickEnvelope, Watermark
from schemas.topics import Topic

DecodeError = msgspec.DecodeError  # not JSON
SchemaError = msgspec.ValidationError  # JSON, but not the event; a child of DecodeError

_encoder = msgspec.json.Encoder()
encode = _encoder.encode

decode_ticks = msgspec.json.Decoder(TickEnvelope | Watermark).decode
decode_bar = msgspec.json.Decoder(Bar).decode
decode_book = msgspec.json.Decoder(BookDifference).decode
decode_indicators = msgspec.json.Decoder(IndicatorRecord).decode
decode_signal = msgspec.json.Decoder(Signal).decode
decode_gap = msgspec.json.Decoder(Gap).decode
decode_dead_letter = msgspec.json.Decoder(DeadLetter).decode

EVENTS: dict[Topic, Any] = {
    Topic.TICKS_RAW: TickEnvelope | Watermark,
    Topic.TICKS: TickEnvelope | Watermark,
    Topic.BARS_RAW: Bar,
    Topic.BARS: Bar,
    Topic.BARS_FORMING: Bar,
    Topic.BOOKS_RAW: BookDifference,
    Topic.INDICATORS: IndicatorRecord,
    Topic.SIGNALS: Signal,
    Topic.GAPS: Gap,
    Topic.DLQ: DeadLetter,
}
