"""KuCoin's own messages, as documented and recorded. Prices and sizes are strings; numbers and times are either; unknown fields are ignored."""

from typing import Any

from msgspec import Struct

from ingestors.parsing import DecimalText, Number
from schemas.ticks import Side

SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}


class MatchData(Struct, gc=False):
    """`trade.l3match`. sequence: in the order of the symbol's book, and what the REST interface names a trade by; side: the taker's; time: ns."""

    symbol: str
    sequence: DecimalText
    side: str
    price: DecimalText
    size: DecimalText
    time: DecimalText


class TickerData(Struct, gc=False):
    """`trade.ticker`: the symbol stands in the topic alone. sequence: of the book; time: ms."""

    sequence: DecimalText
    bestBid: DecimalText
    bestBidSize: DecimalText
    bestAsk: DecimalText
    bestAskSize: DecimalText
    time: Number = 0


class Changes(Struct, gc=False):
    """Levels [price, size, number]; a price of 0 stands for nothing."""

    asks: list[tuple[DecimalText, DecimalText, Any]]
    bids: list[tuple[DecimalText, DecimalText, Any]]


class BookData(Struct, gc=False):
    """`trade.l2update`. time: ms; not in old recordings."""

    symbol: str
    sequenceStart: Number
    sequenceEnd: Number
    changes: Changes
    time: Number = 0


class Match(Struct, gc=False):
    data: MatchData


class Ticker(Struct, gc=False):
    topic: str
    data: TickerData


class BookChange(Struct, gc=False):
    data: BookData


class AnyMessage(Struct):
    """Whatever else comes. type: `welcome`, `ack`, `pong`, `error`, `message`; code, data: of an error."""

    type: str = ""
    subject: str = ""
    id: str = ""
    code: int | str = ""
    data: Any = None


class Snapshot(Struct):
    """The data of /api/v1/market/orderbook/level2_100. time: ms."""

    sequence: DecimalText
    bids: list[tuple[DecimalText, DecimalText]]
    asks: list[tuple[DecimalText, DecimalText]]
    time: Number = 0


class SymbolRow(Struct):
    """A row of /api/v2/symbols. Canonical names are alike."""

    symbol: str
    enableTrading: bool = True


class TradeRow(Struct):
    """A row of /api/v1/market/histories: the newest hundred trades. time: ns."""

    sequence: DecimalText
    price: DecimalText
    size: DecimalText
    side: str
    time: Number


class CandleRow(Struct, array_like=True, gc=False):
    """A row of /api/v1/market/candles, in the venue's own order. time: s, of the beginning. turnover: in the quote currency."""

    time: DecimalText
    open: DecimalText
    close: DecimalText
    high: DecimalText
    low: DecimalText
    volume: DecimalText
    turnover: DecimalText


class CandleRows(Struct):
    data: list[CandleRow]


class Server(Struct):
    """Where to connect to. pingInterval, pingTimeout: ms."""

    endpoint: str
    pingInterval: int = 18_000
    pingTimeout: int = 10_000


class Bullet(Struct):
    """The data of /api/v1/bullet-public."""

    token: str
    instanceServers: list[Server]


class ErrorBody(Struct):
    """Any answer, for its code."""

    code: str | int = ""
    msg: str = ""


class SymbolRows(Struct):
    data: list[SymbolRow]


class Bullets(Struct):
    data: Bullet


class Histories(Struct):
    data: list[TradeRow]


class Books(Struct):
    data: Snapshot
