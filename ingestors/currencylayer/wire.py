"""CurrencyLayer's own answers. Numbers are read as their text; errors have status 200."""

from typing import Annotated, Any

from msgspec import Meta, Struct

Seconds = Annotated[int, Meta(ge=0, le=9_000_000_000)]
Rates = dict[str, Any]
"""By source and target in one word, `USDEUR`: how much of the target one of the source is."""


class Live(Struct):
    timestamp: Seconds
    source: str
    quotes: Rates


class Frame(Struct):
    """quotes: by date."""

    source: str
    quotes: dict[str, Rates]


class Failure(Struct):
    code: int = 0
    info: str = ""


class Status(Struct):
    success: bool = True
    error: Failure | None = None
