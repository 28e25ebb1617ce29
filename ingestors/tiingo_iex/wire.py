"""Tiingo's own messages, as documented. Data are arrays without names, whose places are given here; numbers are read as their text (float_hook)."""

from typing import Any

from msgspec import Struct

# Places in the arrays of trades (`T`), quotes (`Q`) and trade breaks (`B`); what does not apply is null. The ask's price stands before its size.
KIND, TIME_NS, TICKER = 0, 2, 3
BID_SIZE, BID, ASK, ASK_SIZE = 4, 5, 7, 8
LAST, LAST_SIZE = 9, 10
# Places in the array of a reference price.
VALUE_TIME, VALUE_TICKER, VALUE = 0, 1, 2


class Response(Struct):
    code: int = 0
    message: str = ""


class Message(Struct, gc=False):
    """messageType: `A` data, `I` the answer to a subscription, `H` a heartbeat, `E` an error."""

    messageType: str
    data: Any = None
    response: Response | None = None


class Listed(Struct):
    """A row of /iex/."""

    ticker: str
