"""Twelve Data's own messages, as documented. Prices are JSON numbers, read as their text (float_hook); times are seconds; unknown fields are ignored."""

from typing import Annotated, Any

from msgspec import Meta, Struct

Seconds = Annotated[int, Meta(ge=0, le=9_000_000_000)]


class Named(Struct, gc=False):
    symbol: str


class Message(Struct, gc=False):
    """Every message. event: `price`, `subscribe-status`, `heartbeat`, ... day_volume: of the day so far, where the market tells one; bid, ask: of currencies and
    crypto. success, fails: which of what was asked for."""

    event: str
    status: str = ""
    symbol: str = ""
    timestamp: Seconds = 0
    price: Any = None
    day_volume: Any = None
    bid: Any = None
    ask: Any = None
    success: list[Named] | None = None
    fails: list[Named] | None = None


class Listing(Struct):
    """/stocks, /forex_pairs, /cryptocurrencies."""

    data: list[Named] = []
