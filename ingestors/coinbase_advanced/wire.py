"""Coinbase Advanced Trade's own messages, as documented: an envelope of events for each channel, numbered over the connection. Prices, sizes and trade ids
are strings, times ISO 8601 in UTC; unknown fields are ignored, a missing one is an error."""

from msgspec import Struct

from ingestors.parsing import DecimalText, Number, TimeText
from schemas.ticks import Side

# The official text does not say whose side; the clients in use take it for the taker's.
SIDES: dict[str, Side] = {"BUY": "buy", "SELL": "sell"}


class TradeRow(Struct, gc=False):
    trade_id: DecimalText
    product_id: str
    price: DecimalText
    size: DecimalText
    side: str
    time: TimeText


class TradeEvent(Struct, gc=False):
    """type: `snapshot` (trades of the past) or `update`."""

    type: str
    trades: list[TradeRow]


class TickerRow(Struct, gc=False):
    """ticker_batch has no bid and ask."""

    product_id: str
    best_bid: DecimalText = ""
    best_bid_quantity: DecimalText = ""
    best_ask: DecimalText = ""
    best_ask_quantity: DecimalText = ""


class TickerEvent(Struct, gc=False):
    tickers: list[TickerRow]


class LevelRow(Struct, gc=False):
    """side: `bid` or `offer`; new_quantity: absolute, zero removes."""

    side: str
    event_time: TimeText
    price_level: DecimalText
    new_quantity: DecimalText


class BookEvent(Struct, gc=False):
    type: str
    product_id: str
    updates: list[LevelRow]


class Trades(Struct, gc=False):
    sequence_num: Number
    events: list[TradeEvent]


class Tickers(Struct, gc=False):
    sequence_num: Number
    timestamp: TimeText
    events: list[TickerEvent]


class Books(Struct, gc=False):
    sequence_num: Number
    events: list[BookEvent]


class SubscriptionEvent(Struct):
    """Channel to products: the whole state."""

    subscriptions: dict[str, list[str]] = {}


class Subscriptions(Struct):
    sequence_num: Number
    events: list[SubscriptionEvent]


class AnyMessage(Struct):
    """Whatever else comes. type, message: of an error, which has no channel."""

    channel: str = ""
    sequence_num: int = -1
    type: str = ""
    message: str = ""


class RestTrade(Struct):
    """A row of /market/products/{id}/ticker."""

    trade_id: DecimalText
    price: DecimalText
    size: DecimalText
    side: str
    time: TimeText


class RestTrades(Struct):
    trades: list[RestTrade]


class CandleRow(Struct, gc=False):
    """A row of /market/products/{id}/candles. start: s, in quotes."""

    start: DecimalText
    low: DecimalText
    high: DecimalText
    open: DecimalText
    close: DecimalText
    volume: DecimalText


class CandleRows(Struct):
    candles: list[CandleRow]


class ProductRow(Struct):
    product_id: str
    is_disabled: bool = False


class Products(Struct):
    products: list[ProductRow]


class ErrorBody(Struct):
    error: str = ""
    message: str = ""
