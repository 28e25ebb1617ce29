"""Binance's own messages, as documented and recorded: the combined-stream wrapper around each payload. Prices and sizes are strings, ids and
times integers; unknown fields are ignored, a missing one is an error.

The exchange server adds `ts_capture_ns` to the wrapper (time of receipt in the capture); the real exchange does not, and 0 says so.
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct

# The limits keep hostile values out of what follows: a time in ns and an id must fit 64 bits, an envelope a Kafka record.
Milliseconds = Annotated[int, Meta(ge=0, le=9_000_000_000_000)]
Nanoseconds = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
DecimalText = Annotated[str, Meta(max_length=64)]


class TradeData(Struct, gc=False):
    """`<symbol>@trade`. T: trade time, ms; t: trade id; p: price; q: size; m: the buyer was the maker, so the aggressor sold."""

    s: str
    t: Number
    p: DecimalText
    q: DecimalText
    T: Milliseconds
    m: bool


class BookTickerData(Struct, gc=False):
    """`<symbol>@bookTicker`: no event type and no time. u: number of the book's state; b, B: bid price and size; a, A: ask."""

    u: Number
    s: str
    b: DecimalText
    B: DecimalText
    a: DecimalText
    A: DecimalText


class DepthData(Struct, gc=False):
    """`<symbol>@depth@100ms`. E: event time, ms; U, u: first and last update id in it; b, a: changed levels, size absolute."""

    E: Milliseconds
    s: str
    U: Number
    u: Number
    b: list[tuple[DecimalText, DecimalText]]
    a: list[tuple[DecimalText, DecimalText]]


class KlineBar(Struct, gc=False):
    """t, T: open time and last ms; i: interval; o h l c: prices; v, q: base and quote volume; n: trades; x: closed."""

    t: Milliseconds
    T: Milliseconds
    i: str
    o: DecimalText
    h: DecimalText
    l: DecimalText  # noqa: E741
    c: DecimalText
    v: DecimalText
    q: DecimalText
    n: Number
    x: bool


class KlineData(Struct, gc=False):
    """`<symbol>@kline_<interval>`. E: event time, ms."""

    E: Milliseconds
    s: str
    k: KlineBar


class TradeFrame(Struct, gc=False):
    data: TradeData
    ts_capture_ns: Nanoseconds = 0


class BookTickerFrame(Struct, gc=False):
    data: BookTickerData
    ts_capture_ns: Nanoseconds = 0


class DepthFrame(Struct, gc=False):
    data: DepthData
    ts_capture_ns: Nanoseconds = 0


class KlineFrame(Struct, gc=False):
    data: KlineData
    ts_capture_ns: Nanoseconds = 0


class AnyFrame(Struct):
    """Whatever else an object on the socket may be: the answer to a command (`result` or `error`, `id`), a notice (`e`), a wrapper with its keys
    in another order."""

    stream: str = ""
    data: Raw = Raw(b"")
    e: str = ""
    id: int | str | None = None
    result: Raw = Raw(b"")
    error: Raw = Raw(b"")
    code: int | None = None
    msg: str = ""


class Notice(Struct):
    """A payload that says what it is, such as `serverShutdown`."""

    e: str = ""


class RestTrade(Struct):
    """A row of /api/v3/historicalTrades. time: ms."""

    id: Number
    price: DecimalText
    qty: DecimalText
    time: Milliseconds
    isBuyerMaker: bool


class RestAggregate(Struct):
    """A row of /api/v3/aggTrades. f: its first trade's id; T: time, ms."""

    f: Number
    T: Milliseconds


class KlineRow(Struct, array_like=True):
    """A row of /api/v3/klines; what follows in it is not read. open_ms: the interval's beginning; last_ms: its last millisecond."""

    open_ms: Milliseconds
    open: DecimalText
    high: DecimalText
    low: DecimalText
    close: DecimalText
    volume: DecimalText
    last_ms: Milliseconds
    quote_volume: DecimalText
    trades: Number


class Depth(Struct):
    """/api/v3/depth, the best first."""

    lastUpdateId: Number
    bids: list[tuple[DecimalText, DecimalText]]
    asks: list[tuple[DecimalText, DecimalText]]


class SymbolInfo(Struct):
    """A row of /api/v3/exchangeInfo. status is an open enum."""

    symbol: str
    status: str
    baseAsset: str
    quoteAsset: str


class ExchangeInfo(Struct):
    symbols: list[SymbolInfo]


class ErrorBody(Struct):
    """Errors of the REST interface: {"code": -1121, "msg": "Invalid symbol."}."""

    code: int = 0
    msg: str = ""
