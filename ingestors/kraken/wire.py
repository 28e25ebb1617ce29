"""Kraken's own messages, WebSocket v2, as documented. Prices and sizes are JSON numbers, read as their text (float_hook); times are ISO 8601 in UTC;
unknown fields are ignored, a missing one is an error."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from ingestors.parsing import DecimalText, Number, TimeText

Checksum = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class TradeRow(Struct, gc=False):
    """side: the taker's."""

    symbol: str
    side: str
    price: Any
    qty: Any
    trade_id: Number
    timestamp: TimeText


class TickerRow(Struct, gc=False):
    """Best bid and ask. Older feeds have no timestamp."""

    symbol: str
    bid: Any
    bid_qty: Any
    ask: Any
    ask_qty: Any
    timestamp: TimeText = ""


class Level(Struct, gc=False):
    price: Any
    qty: Any


class BookRow(Struct, gc=False):
    """checksum: of the ten best levels of each side, after the change. A snapshot may have no timestamp."""

    symbol: str
    bids: list[Level]
    asks: list[Level]
    checksum: Checksum
    timestamp: TimeText = ""


class Trades(Struct, gc=False):
    type: str
    data: list[TradeRow]


class Tickers(Struct, gc=False):
    data: list[TickerRow]


class Books(Struct, gc=False):
    """type: `snapshot` or `update`."""

    type: str
    data: list[BookRow]


class Result(Struct, frozen=True):
    """What an answer is about."""

    channel: str = ""
    symbol: str = ""


class AnyMessage(Struct):
    """Whatever else comes: answers to requests (method), the state of the system (channel `status`)."""

    channel: str = ""
    method: str = ""
    success: bool = True
    error: str = ""
    symbol: str = ""
    req_id: int = 0
    result: Result = Result()


class Pair(Struct):
    """A row of /0/public/AssetPairs. wsname: as XBT/USD; decimals: of price and size, as checksums want them."""

    wsname: str = ""
    pair_decimals: int = 0
    lot_decimals: int = 0
    status: str = "online"


class PairsAnswer(Struct):
    """Errors arrive with HTTP 200."""

    error: list[str]
    result: dict[str, Pair] = {}


class ErrorAnswer(Struct):
    """Any answer, for its errors."""

    error: list[str] = []


class TradesAnswer(Struct):
    """/0/public/Trades. result: rows of [price, volume, time in s, b|s, m|l, misc, id] under the venue's name of the pair, and `last`."""

    error: list[str]
    result: dict[str, Any] = {}


class OhlcRow(Struct, array_like=True, gc=False):
    """time: s, of the beginning. An interval without trades has the close before it, a vwap of 0 and no volume."""

    time: Number
    open: DecimalText
    high: DecimalText
    low: DecimalText
    close: DecimalText
    vwap: DecimalText
    volume: DecimalText
    count: Number


class OhlcAnswer(Struct):
    """/0/public/OHLC. result: rows under the venue's name of the pair; `last`: when the last one that is closed began, in s."""

    error: list[str]
    result: dict[str, list[OhlcRow] | int] = {}
