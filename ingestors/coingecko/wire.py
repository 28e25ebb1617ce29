"""CoinGecko's own answers. Numbers are read as their text."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from ingestors.parsing import Milliseconds

Candle = Annotated[tuple[Milliseconds, Any, Any, Any, Any], Meta()]
"""Time of its END, open, high, low, close. There is no volume."""

Prices = dict[str, dict[str, Any]]
"""By coin: the price by currency in small letters, and last_updated_at in seconds."""


class Status(Struct):
    error_code: int = 0
    error_message: str = ""


class ErrorBody(Struct):
    """error: a text, or again a status."""

    status: Status | None = None
    error: Any = None
