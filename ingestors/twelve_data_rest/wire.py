"""Twelve Data's own answers. All values are text; unknown fields are ignored. code, message: of errors, whose HTTP status may be 200."""

from msgspec import Struct, field

from ingestors.parsing import DecimalText, TimeText


class Meta(Struct):
    symbol: str
    interval: str


class Value(Struct):
    """datetime: the start of the bar. FX has no volume."""

    datetime: TimeText
    open: DecimalText
    high: DecimalText
    low: DecimalText
    close: DecimalText
    volume: DecimalText = "0"


class TimeSeries(Struct):
    meta: Meta
    values: list[Value]
    status: str = "ok"


class Status(Struct):
    """What every answer has. code: as HTTP's statuses."""

    status: str = ""
    code: int = 0
    message: str = ""
    values: list[object] = field(default_factory=list)
