"""The provider's own messages, as documented and recorded: one Struct a message. Unknown fields are ignored, a missing one is an error."""

from typing import Annotated

from msgspec import Meta, Struct

# The limits keep hostile values out of what follows: a time in ns and an id must fit 64 bits, an envelope a Kafka record.
Milliseconds = Annotated[int, Meta(ge=0, le=9_000_000_000_000)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
DecimalText = Annotated[str, Meta(max_length=64)]


class TradeMessage(Struct, gc=False):
    """`trade`. id: consecutive for a symbol; p: price; q: size; t: time of the trade, ms; taker: the aggressor's side."""

    s: str
    id: Number
    p: DecimalText
    q: DecimalText
    t: Milliseconds
    taker: str


class AnyMessage(Struct):
    """Whatever else comes. id: of the request that an `ack` or `error` answers."""

    type: str = ""
    id: int = 0
    message: str = ""


class Listed(Struct):
    """A row of /symbols."""

    name: str


class Answer(Struct):
    """Every answer of the REST interface: its status is always 200, `error` says what is wrong."""

    error: str = ""
    symbols: list[Listed] = []
    trades: list[TradeMessage] = []
