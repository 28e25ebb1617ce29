"""Finnhub's own messages, as documented. Prices and sizes are JSON numbers, read as their text (float_hook); times are ms; unknown fields are ignored, a missing
one is an error."""

from typing import Any

from msgspec import Raw, Struct

from ingestors.parsing import Milliseconds, Number


class TradeRow(Struct, gc=False):
    """p: price; s: symbol; t: time; v: size, 0 where nothing was traded, as for currencies."""

    p: Any
    s: str
    t: Milliseconds
    v: Any


class Message(Struct, gc=False):
    """`trade` with trades of any symbols, `ping`, `error`."""

    type: str
    data: list[Raw] = []
    msg: str = ""


class Quoted(Struct):
    """/quote. A symbol that is not known has zeros and nulls."""

    c: Any = 0
    t: int | None = 0


class Listed(Struct, gc=False):
    """A row of /stock/symbol, /forex/symbol, /crypto/symbol."""

    symbol: str


class Ticks(Struct):
    """/stock/tick: a part of one day's trades as columns. total: of the day; skip: how many are left out before these."""

    total: int = 0
    t: list[Milliseconds] = []
    p: list[Any] = []
    v: list[Any] = []


class Candles(Struct):
    """/stock/candle, /crypto/candle, as columns. s: `ok` or `no_data`; t: s."""

    s: str
    t: list[Number] = []
    o: list[Any] = []
    h: list[Any] = []
    l: list[Any] = []  # noqa: E741 (the provider's word)
    c: list[Any] = []
    v: list[Any] = []


class ErrorBody(Struct):
    error: str = ""
