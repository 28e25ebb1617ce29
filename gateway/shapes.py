"""Events to messages. Pure.

Numbers of the market (prices, sizes, volumes) are JSON numbers with the venue's own digits; `numbers=string` turns them, and the nanosecond
integers, into strings. Scores and indicator values are plain JSON floats.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from gateway import bar_shapes, event_shapes, tick_shapes
from gateway.json_text import json_number
from gateway.messages import IndicatorsMessage
from gateway.series import Event, OrderBook, Placed, Summary
from gateway.variant import Variant
from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.gaps import Gap
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.quality import QualityRecord
from schemas.signals import Signal
from schemas.ticks import Quote, Trade

_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_SHAPES: dict[type, Callable[[Placed, Any, str | None, str, Any, Any], Struct]] = {
    Trade: tick_shapes.trade_message,
    Quote: tick_shapes.quote_message,
    Bar: bar_shapes.bar_message,
    IndicatorRecord: bar_shapes.indicators_message,
    Signal: bar_shapes.signal_message,
    OrderBook: event_shapes.order_book_message,
    Alert: event_shapes.alert_message,
    QualityRecord: event_shapes.quality_message,
    Gap: event_shapes.gap_message,
    Summary: event_shapes.summary_message,
}


def encode(placed: Placed, event: Event, prev: str | None, epoch: str, variant: Variant) -> bytes:
    """One message in the encoding of the variant's wire. prev: seq of the message before this one in the same chain, None for its first."""
    return (_pack if variant.wire.is_binary else _encode)(_message(placed, event, prev, epoch, variant))


def encode_json(placed: Placed, event: Event, prev: str | None, epoch: str, variant: Variant) -> bytes:
    """The same as JSON, whatever the wire: for messages within messages."""
    return _encode(_message(placed, event, prev, epoch, variant))


def _message(placed: Placed, event: Event, prev: str | None, epoch: str, variant: Variant) -> Struct:
    number: Any = str if variant.strings else json_number
    nanoseconds: Any = str if variant.strings else int
    message = _SHAPES[type(event)](placed, event, prev, epoch, number, nanoseconds)
    if variant.indicators and isinstance(message, IndicatorsMessage):
        message.indicators = chosen_indicators(message.indicators, variant.indicators)
    return message


def chosen_indicators(every: dict[str, IndicatorValue], wanted: tuple[str, ...]) -> dict[str, IndicatorValue]:
    """Those whose name (`rsi`) or key (`rsi_14`) is wanted."""
    return {key: value for key, value in every.items() if key in wanted or value.name in wanted}
