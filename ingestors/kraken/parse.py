"""Bytes of one message of Kraken's WebSocket v2 to its events, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Callable, Mapping

import msgspec

from ingestors.events import HEARTBEAT, Acknowledged, Control, Ignored, NewestTrade, Refused
from ingestors.kraken.config import key
from ingestors.kraken.wire import AnyMessage, BookRow, Books, Level, Tickers, TradeRow, Trades
from ingestors.numbers import iso_ns
from ingestors.parsing import REFUSED, Growing, Symbols, number_text, refusal, unknown
from schemas.books import BookDifference, Levels
from schemas.ticks import Quote, Side, Trade

_PREFIX = b'{"channel":"'
_START = len(_PREFIX)
_SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_STATUS, _BARS, _UNSUBSCRIBED = Ignored("status"), Ignored("bars"), Ignored("unsubscribed")
_decode_trades = msgspec.json.Decoder(Trades, float_hook=str).decode
_decode_tickers = msgspec.json.Decoder(Tickers, float_hook=str).decode
_decode_books = msgspec.json.Decoder(Books, float_hook=str).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode

Event = Trade | Quote | BookDifference | Control


class Parser:
    """symbols: the venue's name (BTC/USD) to the canonical one, those that were asked for. One parser a connection. asked: the channel that a request of
    the connection was about, by its number: refusals name no channel."""

    def __init__(self, symbols: Mapping[str, str], source: str) -> None:
        self.asked: dict[int, str] = {}
        self._symbols = Symbols(symbols)
        self._source = source
        self._numbers = Growing()
        self._handlers: dict[bytes, Callable[[bytes, int], Event | list[Event]]] = {
            b"trade": self._trades,
            b"ticker": self._quotes,
            b"book": self._books,
            b"heartbeat": lambda frame, received_ns: HEARTBEAT,
            b"status": lambda frame, received_ns: _STATUS,
            b"ohlc": lambda frame, received_ns: _BARS,
        }

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or several in order. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            handler = self._handlers.get(frame[_START : frame.find(b'"', _START)]) if frame.startswith(_PREFIX) else None
            return handler(frame, received_ns) if handler else self._other(frame, received_ns)
        except REFUSED as error:
            raise refusal(error) from None

    def _trades(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        wire = _decode_trades(frame)
        if wire.type == "snapshot":
            newest = {row.symbol: row for row in sorted(wire.data, key=lambda row: row.trade_id)}
            return [NewestTrade(self._symbols[name], row.trade_id, iso_ns(row.timestamp)) for name, row in newest.items()]
        if len(wire.data) == 1:
            return self._trade(wire.data[0], received_ns)
        return [self._trade(row, received_ns) for row in wire.data]

    def _trade(self, row: TradeRow, received_ns: int) -> Trade:
        price, size = number_text(row.price), number_text(row.qty)
        return Trade(self._symbols[row.symbol], price, size, iso_ns(row.timestamp), received_ns, row.trade_id, _SIDES.get(row.side, ""))

    def _quotes(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        quotes: list[Event] = []
        for row in _decode_tickers(frame).data:
            bid, ask = (number_text(row.bid), number_text(row.bid_qty)), (number_text(row.ask), number_text(row.ask_qty))
            event_ns = iso_ns(row.timestamp) if row.timestamp else received_ns
            number = self._numbers.next(received_ns)
            quotes.append(Quote(self._symbols[row.symbol], *bid, *ask, event_ns, received_ns, number, not row.timestamp))
        return quotes[0] if len(quotes) == 1 else quotes

    def _books(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        wire = _decode_books(frame)
        if len(wire.data) == 1:
            return self._book(wire.data[0], wire.type == "snapshot", received_ns)
        return [self._book(row, wire.type == "snapshot", received_ns) for row in wire.data]

    def _book(self, row: BookRow, snapshot: bool, received_ns: int) -> BookDifference:
        event_ns = iso_ns(row.timestamp) if row.timestamp else received_ns
        symbol, bids, asks = self._symbols[row.symbol], _levels(row.bids), _levels(row.asks)
        return BookDifference(symbol, self._source, event_ns, received_ns, 0, 0, bids, asks, snapshot=snapshot, checksum=row.checksum)

    def _other(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """Answers, and messages with their keys in another order: rare, so this may be slow."""
        wire = _decode_any(frame)
        if handler := self._handlers.get(wire.channel.encode()):
            return handler(frame, received_ns)
        if wire.method == "pong":
            return HEARTBEAT
        if wire.method in ("subscribe", "unsubscribe"):
            return self._answer(wire)
        raise unknown(f"channel {wire.channel!r}, method {wire.method!r}")

    def _answer(self, wire: AnyMessage) -> Control:
        if wire.success:
            if wire.method == "unsubscribe":
                return _UNSUBSCRIBED
            return Acknowledged((key(wire.result.channel, wire.result.symbol),))
        channel = self.asked.get(wire.req_id, "")
        about = key(channel, wire.symbol) if channel and wire.symbol else ""
        if about and "already subscribed" in wire.error.lower():  # asked for twice, since the first answer was late
            return Acknowledged((about,))
        if wire.method == "unsubscribe":
            return _UNSUBSCRIBED
        return Refused(about, f"{wire.symbol} {wire.error}".strip())


def _levels(levels: list[Level]) -> Levels:
    return [(number_text(level.price), number_text(level.qty)) for level in levels]


def quote_symbol(frame: bytes) -> bytes:
    """The start of a ticker up to its symbol, so that a newer one can take its place; b"" for any other frame."""
    if not frame.startswith(b'{"channel":"ticker"'):
        return b""
    at = frame.find(b'"symbol":"')
    return b"ticker" + frame[at : frame.find(b'"', at + 10)] if at >= 0 else b""
