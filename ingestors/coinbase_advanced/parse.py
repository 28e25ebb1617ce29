"""Bytes of one message of Coinbase Advanced Trade to its events, or to a named refusal. Pure: no I/O, no clock; it counts the messages of its connection."""

from collections.abc import Callable, Mapping

import msgspec

from ingestors.coinbase_advanced.config import key
from ingestors.coinbase_advanced.wire import SIDES, AnyMessage, BookEvent, Books, LevelRow, Subscriptions, Tickers, Trades
from ingestors.events import HEARTBEAT, Acknowledged, Control, Ignored, Lost, NewestTrade, Refused
from ingestors.numbers import iso_ns, plain
from ingestors.parsing import REFUSED, Growing, Symbols, integer, refusal, unknown
from schemas.books import BookDifference, Levels
from schemas.ticks import Quote, Trade

_PREFIX = b'{"channel":"'
_START = len(_PREFIX)
_BARS, _NO_QUOTE = Ignored("unclosed_bar"), Ignored("ticker_without_quote")
_decode_trades = msgspec.json.Decoder(Trades).decode
_decode_tickers = msgspec.json.Decoder(Tickers).decode
_decode_books = msgspec.json.Decoder(Books).decode
_decode_subscriptions = msgspec.json.Decoder(Subscriptions).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode

Event = Trade | Quote | BookDifference | Control
_Handler = Callable[[bytes, int], tuple[int, list[Event]]]


class Parser:
    """symbols: product to the canonical name, those that were asked for. One parser a connection: its numbers begin anew with each."""

    def __init__(self, symbols: Mapping[str, str], source: str) -> None:
        self._symbols = Symbols(symbols)
        self._source = source
        self._numbers = Growing()
        self._sequence = -1
        self._handlers: dict[str, _Handler] = {
            "market_trades": self._trades,
            "ticker": self._quotes,
            "ticker_batch": self._quotes,
            "l2_data": self._books,
            "subscriptions": self._subscriptions,
            "heartbeats": lambda frame, received_ns: (_decode_any(frame).sequence_num, [HEARTBEAT]),
            "candles": lambda frame, received_ns: (_decode_any(frame).sequence_num, [_BARS]),
        }

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or several in order. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            kind = frame[_START : frame.find(b'"', _START)].decode() if frame.startswith(_PREFIX) else ""
            handler = self._handlers.get(kind) or self._other(frame)
            if isinstance(handler, Refused):
                return handler
            number, events = handler(frame, received_ns)
        except REFUSED as error:
            raise refusal(error) from None
        lost = number != self._sequence + 1 and Lost(f"message {number} came where {self._sequence + 1} was due")
        self._sequence = number
        if lost:
            return [*events, lost]
        return events[0] if len(events) == 1 else events

    def _trades(self, frame: bytes, received_ns: int) -> tuple[int, list[Event]]:
        wire = _decode_trades(frame)
        events: list[Event] = []
        for event in wire.events:
            rows = sorted(event.trades, key=lambda row: integer(row.trade_id))
            if event.type == "snapshot":
                newest = {row.product_id: row for row in rows}
                events += [NewestTrade(self._symbols[name], integer(row.trade_id), iso_ns(row.time)) for name, row in newest.items()]
                continue
            for row in rows:
                symbol, side = self._symbols[row.product_id], SIDES.get(row.side, "")
                number, event_ns = integer(row.trade_id), iso_ns(row.time)
                events.append(Trade(symbol, plain(row.price), plain(row.size), event_ns, received_ns, number, side))
        return wire.sequence_num, events

    def _quotes(self, frame: bytes, received_ns: int) -> tuple[int, list[Event]]:
        wire = _decode_tickers(frame)
        events: list[Event] = []
        for row in [row for event in wire.events for row in event.tickers]:
            bid, ask = (plain(row.best_bid), plain(row.best_bid_quantity)), (plain(row.best_ask), plain(row.best_ask_quantity))
            if not (row.best_bid and row.best_ask):
                events.append(_NO_QUOTE)
                continue
            number, event_ns = self._numbers.next(received_ns), iso_ns(wire.timestamp)
            events.append(Quote(self._symbols[row.product_id], *bid, *ask, event_ns, received_ns, number))
        return wire.sequence_num, events

    def _books(self, frame: bytes, received_ns: int) -> tuple[int, list[Event]]:
        wire = _decode_books(frame)
        return wire.sequence_num, [self._book(event, received_ns) for event in wire.events]

    def _book(self, event: BookEvent, received_ns: int) -> BookDifference:
        rows = event.updates
        event_ns = max(iso_ns(rows[0].event_time), iso_ns(rows[-1].event_time)) if rows else received_ns
        bids, asks = _levels(rows, "bid"), _levels(rows, "offer")
        if len(bids) + len(asks) != len(rows):
            raise ValueError("a side is neither bid nor offer")
        symbol = self._symbols[event.product_id]
        return BookDifference(symbol, self._source, event_ns, received_ns, 0, 0, bids, asks, snapshot=event.type == "snapshot")

    def _subscriptions(self, frame: bytes, received_ns: int) -> tuple[int, list[Event]]:
        wire = _decode_subscriptions(frame)
        states = [state for event in wire.events for state in event.subscriptions.items()]
        return wire.sequence_num, [Acknowledged(tuple(key(channel, product) for channel, products in states for product in products))]

    def _other(self, frame: bytes) -> _Handler | Refused:
        """Errors, and messages with their keys in another order: rare, so this may be slow."""
        wire = _decode_any(frame)
        if wire.type == "error":
            return Refused("", wire.message)
        handler = self._handlers.get(wire.channel)
        if handler is None:
            if wire.sequence_num == self._sequence + 1:
                self._sequence += 1  # nothing that we asked for is missing
            raise unknown(f"channel {wire.channel!r}")
        return handler


def _levels(rows: list[LevelRow], side: str) -> Levels:
    return [(row.price_level, row.new_quantity) for row in rows if row.side == side]
