"""CryptoCompare's own answers. Numbers are read as their text; unknown fields are ignored, a missing one is an error."""

from typing import Annotated, Any

from msgspec import Meta, Struct

Seconds = Annotated[int, Meta(ge=0, le=9_000_000_000)]


class Bar(Struct):
    """time: of its start. volumefrom: in the base, volumeto: in the quote."""

    time: Seconds
    open: Any
    high: Any
    low: Any
    close: Any
    volumefrom: Any = 0
    volumeto: Any = 0


class Bars(Struct):
    Data: list[Bar]


class History(Struct):
    Response: str
    Data: Bars


class Status(Struct):
    """What every answer has. Type: 1 a wrong question, 2 no such market, 99 a limit, 100 success."""

    Response: str = ""
    Message: str = ""
    Type: int = 0
