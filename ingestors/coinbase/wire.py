"""Coinbase Exchange's own messages, as documented and recorded. Prices and sizes are strings, ids integers, times ISO 8601 in UTC; unknown fields are
ignored, a missing one is an error."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from schemas.ticks import Side

Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
DecimalText = Annotated[str, Meta(max_length=64)]
TimeText = Annotated[str, Meta(max_length=40)]
AGGRESSOR: dict[str, Side] = {"buy": "sell", "sell": "buy"}  # of the maker's side, which matches and rows name


class Match(Struct, gc=False):
    """`match` and `last_match`. side: the maker's."""

    trade_id: Number
    side: str
    size: DecimalText
    price: DecimalText
    product_id: str
    time: TimeText


class Ticker(Struct, gc=False):
    """`ticker`. Old recordings have no sizes. sequence: of the product's book; it grows, with jumps."""

    sequence: Number
    product_id: str
    best_bid: DecimalText
    best_ask: DecimalText
    time: TimeText = ""
    best_bid_size: DecimalText = "0"
    best_ask_size: DecimalText = "0"


class BookSnapshot(Struct, gc=False):
    """`snapshot`: a whole book, as (price, size). time: not in old recordings."""

    product_id: str
    bids: list[tuple[DecimalText, DecimalText]]
    asks: list[tuple[DecimalText, DecimalText]]
    time: TimeText = ""


class BookChanges(Struct, gc=False):
    """`l2update`: (side, price, size) of levels; side: `buy` or `sell`; the size is absolute, zero removes."""

    product_id: str
    changes: list[tuple[str, DecimalText, DecimalText]]
    time: TimeText


class Beat(Struct, gc=False):
    """`heartbeat`, one a second and product. last_trade_id: 0 where the product never traded."""

    last_trade_id: Number
    product_id: str
    time: TimeText


class ChannelState(Struct, gc=False):
    name: str
    product_ids: list[str] = []


class Subscriptions(Struct, gc=False):
    """The answer to each subscribe and unsubscribe: the whole state."""

    channels: list[ChannelState]


class AnyMessage(Struct):
    """Whatever else comes. message, reason: of `error`."""

    type: str = ""
    message: str = ""
    reason: str = ""


class RestTrade(Struct):
    """A row of /products/{id}/trades. side: the maker's."""

    trade_id: Number
    side: str
    size: DecimalText
    price: DecimalText
    time: TimeText


class Candle(Struct, array_like=True):
    """A row of /products/{id}/candles, in the venue's own order: numbers of JSON, kept as their text. time: s, of the beginning."""

    time: Number
    low: Any
    high: Any
    open: Any
    close: Any
    volume: Any


class Product(Struct):
    """A row of /products."""

    id: str
    status: str = "online"


class ErrorBody(Struct):
    """Errors of the REST interface: {"message": "NotFound"}."""

    message: str
