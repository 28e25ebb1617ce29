"""HTX's own messages, as documented and recorded, after unpacking: every frame is gzip. Prices and sizes are JSON numbers, read as their text
(float_hook); times are ms; unknown fields are ignored, a missing one is an error."""

from typing import Any

from msgspec import Struct, field

from ingestors.parsing import Milliseconds, Number


class TradeRow(Struct, gc=False):
    """direction: the taker's. `id` has up to 27 digits and is not read."""

    ts: Milliseconds
    tradeId: Number
    amount: Any
    price: Any
    direction: str


class TradeTick(Struct, gc=False):
    data: list[TradeRow]


class Trades(Struct, gc=False):
    """`market.<symbol>.trade.detail`."""

    ch: str
    tick: TradeTick


class QuoteTick(Struct, gc=False):
    seqId: Number
    bid: Any
    bidSize: Any
    ask: Any
    askSize: Any
    quoteTime: Milliseconds = 0


class Quotes(Struct, gc=False):
    """`market.<symbol>.bbo`."""

    ch: str
    tick: QuoteTick


class BookTick(Struct, gc=False):
    """`depth`: version, all levels. `mbp`: seqNum, prevSeqNum, changed levels, size absolute."""

    bids: list[tuple[Any, Any]] = []
    asks: list[tuple[Any, Any]] = []
    version: Number = 0
    seqNum: Number = 0
    prevSeqNum: Number = 0


class Books(Struct, gc=False):
    """`market.<symbol>.depth.<step>`, `market.<symbol>.mbp.<levels>`. ts: ms."""

    ch: str
    ts: Milliseconds
    tick: BookTick


class Reply(Struct, gc=False):
    """The answer to a request for a whole book: rep is the channel."""

    rep: str
    data: BookTick
    ts: Milliseconds = 0


class AnyMessage(Struct):
    """Whatever else comes: pings, answers to subscriptions, errors."""

    ch: str = ""
    rep: str = ""
    ping: int | None = None
    pong: int | None = None
    status: str = ""
    subbed: str = ""
    unsubbed: str = ""
    id: Any = None
    error_code: str = field(name="err-code", default="")
    error_message: str = field(name="err-msg", default="")


class SymbolRow(Struct):
    """A row of /v1/common/symbols."""

    symbol: str
    base: str = field(name="base-currency")
    quote: str = field(name="quote-currency")
    state: str = "online"


class SymbolRows(Struct):
    data: list[SymbolRow]


class RestTrade(Struct):
    """The same as TradeRow in the REST interface."""

    ts: Milliseconds
    amount: Any
    price: Any
    direction: str
    trade_id: Number = field(name="trade-id")


class RestOrder(Struct):
    """All trades of one taker's order."""

    data: list[RestTrade]


class Histories(Struct):
    """/market/history/trade."""

    data: list[RestOrder]


class Kline(Struct, gc=False):
    """id: s, of the beginning. amount: in the base currency, vol: in the quote currency."""

    id: Number
    open: Any
    close: Any
    low: Any
    high: Any
    amount: Any
    vol: Any
    count: Number = 0


class Klines(Struct):
    """/market/history/kline. ts: the venue's time."""

    data: list[Kline]
    ts: Milliseconds


class ErrorBody(Struct):
    """Any answer, for its error."""

    status: str = ""
    code: str = field(name="err-code", default="")
    message: str = field(name="err-msg", default="")
