"""Kraken's own messages, WebSocket v1, as documented and recorded: data are arrays [channel id, payload, ..., channel name, pair], all else objects.
Prices, sizes and times (seconds) are strings."""

from typing import Any

from msgspec import Struct, field

from ingestors.parsing import DecimalText

Row = list[DecimalText]
"""A level [price, size, time, `r` where it is sent again], a trade [price, size, time, b|s, m|l, misc], or a spread [bid, ask, time, bid size, ask size]."""


class BookPayload(Struct, gc=False):
    """`as`, `bs`: a snapshot; `a`, `b`: a change, each side in a payload of its own where both changed; c: checksum after it, on the last payload."""

    asks_whole: list[Row] | None = field(name="as", default=None)
    bids_whole: list[Row] | None = field(name="bs", default=None)
    asks: list[Row] = field(name="a", default_factory=list)
    bids: list[Row] = field(name="b", default_factory=list)
    checksum: DecimalText = field(name="c", default="")


class TickerPayload(Struct, gc=False):
    """a, b: [price, whole lots, size] of the best ask and bid."""

    a: list[Any]
    b: list[Any]


BookFrame = list[int | str | BookPayload]
TickerFrame = list[int | str | TickerPayload]
RowsFrame = list[int | str | list[Row]]
RowFrame = list[int | str | Row]


class Subscription(Struct, frozen=True):
    name: str = ""


class AnyMessage(Struct):
    """All objects. event: `subscriptionStatus`, `systemStatus`, `heartbeat`, `pong`, `error`."""

    event: str = ""
    status: str = ""
    pair: str = ""
    errorMessage: str = ""
    subscription: Subscription = Subscription()
