"""Bars and indicator records as samples. What no decimal can be compared with is refused before anything changes."""

from decimal import Decimal, InvalidOperation

import msgspec

from processors.alerts.measures import Sample, Value
from runtime.errors import InvalidRecord
from schemas.bars import Bar
from schemas.codec import DecodeError
from schemas.indicators import IndicatorRecord
from schemas.reasons import Reason

BAR_COLUMNS = frozenset({"close", "volume"})  # of older bars too: rules that look back
_LARGEST = Decimal(10) ** 30
_SMALLEST = Decimal(10) ** -30


class QualityWindow(msgspec.Struct):
    """What is read of an event on market.quality: the score of one source and symbol between two times of the ingestor's clock."""

    symbol: str
    source: str
    ts_from_ns: int
    ts_to_ns: int
    score: float


_decode_json = msgspec.json.Decoder(QualityWindow).decode


def decode_quality(value: bytes) -> QualityWindow:
    """As the decoders of schemas.codec: raises DecodeError or its child SchemaError and nothing else."""
    try:
        return _decode_json(value)
    except (UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(str(error)) from None


def quality_sample(window: QualityWindow, offset: int) -> Sample:
    """It is known when it ends."""
    return Sample(window.ts_from_ns, window.ts_to_ns, window.ts_to_ns, offset, 0, {"quality": window.score})


def bar_sample(bar: Bar, offset: int) -> Sample:
    """Raises InvalidRecord, NOT_A_NUMBER."""
    values: dict[str, Value] = {name: _checked(name, getattr(bar, name)) for name in ("close", "high", "low", "volume")}
    values["quality"] = bar.quality
    return Sample(bar.ts_open_ns, bar.ts_close_ns, bar.known_at_ns, offset, bar.revision, values)


def indicator_sample(record: IndicatorRecord, offset: int) -> Sample:
    """All outputs, as `rsi_14.value`. An indicator that is not warm says nothing yet."""
    values: dict[str, Value] = {
        f"{key}.{name}": value for key, one in record.indicators.items() if one.warm for name, value in one.values.items()
    }
    return Sample(record.ts_open_ns, record.ts_close_ns, record.known_at_ns, offset, record.revision, values)


def _checked(name: str, text: str) -> str:
    try:
        number = Decimal(text)
        if not number or _SMALLEST <= number < _LARGEST:
            return text
    except (InvalidOperation, ValueError):
        pass
    raise InvalidRecord(Reason.NOT_A_NUMBER, f"{name} {text[:64]!r} is no number that can be compared")
