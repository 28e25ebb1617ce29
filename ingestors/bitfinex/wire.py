"""Bitfinex's own messages, API v2, as documented and recorded. Data are arrays [channel, payload, ...], all else objects. Numbers are JSON numbers,
read as their text (float_hook); arrays may grow at their end, so nothing asks for their length.

trade: [id, ms, amount, price], amount below zero where the taker sold. ticker: [bid, size, ask, size, ...]. book: [price, orders, amount], amount below zero
for asks; no orders: the level is gone, amount 1 or -1 says from which side. Checksums come as [channel, "cs", number].
"""

from typing import Any

from msgspec import Struct

from ingestors.parsing import Milliseconds

SEQUENCES = 65_536  # flags of `conf`: each message ends with a number, by one higher than that before it
CHECKSUMS = 131_072
CONF = "conf"  # the key of that request
RATE_LIMIT = 11010  # codes of errors
ALREADY_SUBSCRIBED, NOT_SUBSCRIBED = 10301, 10400
RESTART, MAINTENANCE, MAINTAINED = 20051, 20060, 20061  # codes of `info`


class AnyMessage(Struct):
    """All objects. event: `info`, `conf`, `subscribed`, `unsubscribed`, `pong`, `error`. version: of the first `info`."""

    event: str = ""
    channel: str = ""
    symbol: str = ""
    chanId: int = 0
    status: str = ""
    flags: int = 0
    version: int = 0
    code: int = 0
    msg: str = ""


class CandleRow(Struct, array_like=True, gc=False):
    """A row of /candles, in the venue's own order. time: ms, of the beginning."""

    time: Milliseconds
    open: Any
    close: Any
    high: Any
    low: Any
    volume: Any
