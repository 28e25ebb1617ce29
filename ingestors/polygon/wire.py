"""Polygon's own messages, as documented. Every frame is an array of events, each with its kind in `ev`. Prices and sizes are JSON numbers, read as their
text (float_hook); times are ms in the stream, ns over REST; unknown fields are ignored, a missing one is an error."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from ingestors.parsing import Milliseconds, Nanoseconds

Sequence = Annotated[int, Meta(ge=0, lt=10**11)]


class AnyEvent(Struct, gc=False):
    ev: str


class Status(Struct, gc=False):
    """`status`: answers to what we say, and what the provider says of itself."""

    status: str
    message: str = ""


class TradeEvent(Struct, gc=False):
    """`T`. x: exchange; i: id, unique for ticker, exchange and reporting facility (trfi); c: conditions; t: the tape's time; q: grows, with jumps."""

    sym: str
    x: int
    i: str
    p: Any
    s: Any
    t: Milliseconds
    c: list[int] = []
    trfi: int = 0


class QuoteEvent(Struct, gc=False, rename={"ask_size": "as"}):
    """`Q`. b: bid; a: ask; p: price; s: size in round lots; q: grows, with jumps, and begins anew each day."""

    sym: str
    bp: Any
    bs: Any
    ap: Any
    ask_size: Any
    t: Milliseconds
    q: Sequence


class BarEvent(Struct, gc=False):
    """`AM` of stocks and indices, `XA` and `CA` of pairs. v: volume; vw: its mean price; z: mean size of a trade; s, e: start and end. An index has
    neither volume nor mean, a currency pair's v counts quotes."""

    o: Any
    c: Any
    h: Any
    l: Any  # noqa: E741
    s: Milliseconds
    sym: str = ""
    pair: str = ""
    e: Milliseconds = 0
    v: Any = 0
    vw: Any = 0
    z: Any = 0


class CurrencyQuote(Struct, gc=False):
    """`C`. p: the pair; b, a: bid and ask. It has no sizes."""

    p: str
    b: Any
    a: Any
    t: Milliseconds


class CryptoTrade(Struct, gc=False):
    """`XT`. x: exchange; i: id, not always there; c: 1 the aggressor sold, 2 it bought."""

    pair: str
    p: Any
    s: Any
    t: Milliseconds
    x: int
    i: int | str = ""
    c: list[int] = []


class IndexValue(Struct, gc=False):
    """`V`. T: the index."""

    T: str
    val: Any
    t: Milliseconds


class RestTrade(Struct, gc=False):
    """A row of /v3/trades. Crypto has no time of a tape."""

    exchange: int
    price: Any
    size: Any
    participant_timestamp: Nanoseconds
    id: str = ""
    sip_timestamp: Nanoseconds = 0
    trf_id: int = 0
    conditions: list[int] = []


class TradesAnswer(Struct):
    """/v3/trades. next_url: the next page, "" after the last one."""

    results: list[RestTrade] = []
    next_url: str = ""


class Aggregate(Struct, gc=False):
    """A row of /v2/aggs. t: start, ms; n: trades, of currencies quotes; vw: mean price. An index has neither volume nor mean."""

    t: Milliseconds
    o: Any
    h: Any
    l: Any  # noqa: E741
    c: Any
    v: Any = 0
    vw: Any = 0
    n: int = 0


class AggregatesAnswer(Struct):
    """/v2/aggs: no rows are no `results`. next_url: there is more."""

    results: list[Aggregate] = []
    next_url: str = ""


class Ticker(Struct, gc=False):
    ticker: str


class TickersAnswer(Struct):
    """/v3/reference/tickers."""

    results: list[Ticker] = []
    next_url: str = ""


class ErrorBody(Struct):
    """Errors of the REST interface. status DELAYED is none."""

    status: str = ""
    error: str = ""
    message: str = ""
