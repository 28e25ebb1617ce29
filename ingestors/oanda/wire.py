"""OANDA's own messages, as documented and recorded: one JSON object a line, its keys in any order. Prices are strings, times ISO 8601 in UTC; unknown fields
are ignored."""

from typing import Any

from msgspec import Struct

from ingestors.parsing import DecimalText, TimeText


class Bucket(Struct, gc=False):
    """A price, and how much of the base currency is offered at it."""

    price: DecimalText
    liquidity: Any = "0"


class Message(Struct, gc=False):
    """`PRICE` and `HEARTBEAT`. bids, asks: the best first; a side may be empty. status: `tradeable`, or the price is only the last one there was."""

    type: str
    time: TimeText = ""
    instrument: str = ""
    status: str = "tradeable"
    bids: list[Bucket] = []
    asks: list[Bucket] = []


class Instrument(Struct):
    name: str


class Instruments(Struct):
    """/v3/accounts/{account}/instruments."""

    instruments: list[Instrument]


class Ohlc(Struct, gc=False):
    o: DecimalText
    h: DecimalText
    l: DecimalText  # noqa: E741
    c: DecimalText


class Candle(Struct, gc=False):
    """volume: how often the price changed. complete: its time is over."""

    complete: bool
    volume: int
    time: TimeText
    mid: Ohlc | None = None
    bid: Ohlc | None = None
    ask: Ohlc | None = None


class Candles(Struct):
    """/v3/instruments/{instrument}/candles, ascending."""

    candles: list[Candle] = []


class ErrorBody(Struct):
    errorMessage: str = ""
