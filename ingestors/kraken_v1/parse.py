"""Bytes of one message of Kraken's WebSocket v1 to its events, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from ingestors.events import HEARTBEAT, Acknowledged, Control, Ignored, Refused
from ingestors.kraken_v1.config import key
from ingestors.kraken_v1.wire import AnyMessage, BookFrame, BookPayload, Row, RowFrame, RowsFrame, TickerFrame, TickerPayload
from ingestors.numbers import plain, seconds_ns
from ingestors.parsing import BROKEN, REFUSED, Growing, Ordinals, Symbols, integer, number_text, refusal, unknown
from runtime.errors import InvalidRecord
from schemas.books import BookDifference, Levels
from schemas.ticks import Quote, Side, Trade

_SIDES: dict[str, Side] = {"b": "buy", "s": "sell"}
_STATUS, _BARS, _UNSUBSCRIBED = Ignored("status"), Ignored("bars"), Ignored("unsubscribed")
_decode_book = msgspec.json.Decoder(BookFrame).decode
_decode_ticker = msgspec.json.Decoder(TickerFrame).decode
_decode_rows = msgspec.json.Decoder(RowsFrame).decode
_decode_row = msgspec.json.Decoder(RowFrame).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode

Event = Trade | Quote | BookDifference | Control
T = TypeVar("T")


class Parser:
    """symbols: the venue's name (XBT/USD) to the canonical one, those that were asked for. One parser a connection."""

    def __init__(self, symbols: Mapping[str, str], source: str) -> None:
        self._symbols = Symbols(symbols)
        self._source = source
        self._numbers = Growing()
        self._handlers: dict[bytes, Callable[[bytes, str, int], Event | list[Event]]] = {
            b"trade": self._trades,
            b"ticker": self._ticker,
            b"spread": self._spread,
            b"book": self._book,
            b"ohlc": lambda frame, symbol, received_ns: _BARS,
        }

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or several in order. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            if frame[:1] != b"[":
                return self._object(frame)
            _, channel, _, name, _ = frame.rsplit(b'"', 4)  # ..."book-1000","XBT/USD"]
            handler = self._handlers.get(channel.partition(b"-")[0])
            if handler:
                return handler(frame, self._symbols[name.decode()], received_ns)
            raise unknown(f"channel {channel!r}")
        except REFUSED as error:
            raise _no_message(frame, error) from None

    def _trades(self, frame: bytes, symbol: str, received_ns: int) -> Event | list[Event]:
        """Trades have no number here: their content names them, as it does those of the REST interface. Of a frame, which is never sent again in parts, those
        that are just the same are several."""
        ids = Ordinals()
        rows = _only(_decode_rows(frame), list)
        trades: list[Event] = []
        for row in rows:
            price, size, time_s, side = plain(row[0]), plain(row[1]), row[2], _SIDES.get(row[3], "")
            event_ns = seconds_ns(time_s)
            trades.append(Trade(symbol, price, size, event_ns, received_ns, ids.id(symbol, trade_id(event_ns, price, size, side)), side))
        return trades[0] if len(trades) == 1 else trades

    def _ticker(self, frame: bytes, symbol: str, received_ns: int) -> Quote:
        payload = _only(_decode_ticker(frame), TickerPayload)
        bid, ask = (number_text(payload.b[0]), number_text(payload.b[2])), (number_text(payload.a[0]), number_text(payload.a[2]))
        return Quote(symbol, *bid, *ask, received_ns, received_ns, self._numbers.next(received_ns), True)

    def _spread(self, frame: bytes, symbol: str, received_ns: int) -> Quote:
        row = _only(_decode_row(frame), list)
        bid, ask = (plain(row[0]), plain(row[3])), (plain(row[1]), plain(row[4]))
        return Quote(symbol, *bid, *ask, seconds_ns(row[2]), received_ns, self._numbers.next(received_ns))

    def _book(self, frame: bytes, symbol: str, received_ns: int) -> BookDifference:
        payloads = [part for part in _decode_book(frame) if type(part) is BookPayload]
        snapshot, asks, bids = False, list[Row](), list[Row]()
        for part in payloads:
            snapshot = snapshot or part.asks_whole is not None or part.bids_whole is not None
            asks += part.asks_whole or part.asks
            bids += part.bids_whole or part.bids
        event_ns = seconds_ns(max([row[2] for row in asks + bids])) if asks or bids else received_ns
        checksum = integer(payloads[-1].checksum) if payloads[-1].checksum else None
        return BookDifference(
            symbol, self._source, event_ns, received_ns, 0, 0, _levels(bids), _levels(asks), snapshot=snapshot, checksum=checksum
        )

    def _object(self, frame: bytes) -> Event:
        wire = _decode_any(frame)
        if wire.event in ("heartbeat", "pong"):
            return HEARTBEAT
        if wire.event == "systemStatus":
            return _STATUS
        if wire.event == "subscriptionStatus":
            return _answer(wire)
        if wire.event == "error":
            return Refused("", wire.errorMessage)
        raise unknown(f"event {wire.event!r}")


def _answer(wire: AnyMessage) -> Control:
    about = key(wire.subscription.name, wire.pair) if wire.pair else ""
    if wire.status == "unsubscribed":
        return _UNSUBSCRIBED
    if wire.status == "error" and not (about and "already subscribed" in wire.errorMessage.lower()):
        return Refused(about, wire.errorMessage)
    return Acknowledged((about,))


def trade_id(event_ns: int, price: str, size: str, side: str) -> str:
    """A trade by its content, whatever the zeros at the end of its numbers."""
    return f"{event_ns}-{_short(price)}-{_short(size)}-{side[:1]}"


def _short(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _levels(rows: list[Row]) -> Levels:
    return [(row[0], row[1]) for row in rows]


def _only(parts: Sequence[object], kind: type[T]) -> T:
    """The payload among the parts of an array. Raises IndexError."""
    found = [part for part in parts if type(part) is kind]
    return found[0]


def _no_message(frame: bytes, error: Exception) -> InvalidRecord:
    """An array that is JSON but names no channel at its end is a message that we do not know."""
    if isinstance(error, ValueError) and "unpack" in str(error):
        try:
            msgspec.json.decode(frame)
        except BROKEN as broken:
            return refusal(broken)
        return unknown("an array without channel and pair")
    return refusal(error)
