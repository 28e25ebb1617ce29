"""Tiingo's own answers, as documented and recorded. Numbers are read as their text; unknown fields are ignored, a missing one is an error."""

from typing import Any

from msgspec import Struct

from ingestors.parsing import TimeText


class Day(Struct):
    """A row of /tiingo/daily. date: of the session, whatever hour it has. Prices are raw; divCash, splitFactor: on the day at which they take effect."""

    date: TimeText
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any = 0
    divCash: Any = 0
    splitFactor: Any = 1


class Bar(Struct):
    """A row of /iex and /tiingo/fx, and of a crypto pair. volume: where it was asked for, and IEX's own alone."""

    date: TimeText
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any = 0
    volumeNotional: Any = 0
    tradesDone: Any = 0


class Pair(Struct):
    """One of /tiingo/crypto/prices."""

    ticker: str
    priceData: list[Bar] = []


class Top(Struct):
    """The best bid and ask of /iex, /tiingo/fx/top and of a crypto pair. Null: not given without an agreement with the exchange."""

    quoteTimestamp: str | None = None
    bidPrice: Any = None
    bidSize: Any = None
    askPrice: Any = None
    askSize: Any = None
    ticker: str = ""


class PairTop(Struct):
    """One of /tiingo/crypto/top."""

    ticker: str
    topOfBookData: list[Top] = []


class ErrorBody(Struct):
    detail: str = ""
