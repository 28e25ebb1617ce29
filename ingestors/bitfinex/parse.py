"""Bytes of one message of Bitfinex's API v2 to its events, or to a named refusal. Pure: no I/O, no clock; it knows the channels of its connection."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ingestors.bitfinex.config import key
from ingestors.bitfinex.wire import ALREADY_SUBSCRIBED, CONF, MAINTAINED, MAINTENANCE, NOT_SUBSCRIBED, RESTART, SEQUENCES, AnyMessage
from ingestors.events import HEARTBEAT, LEAVING, WELCOME, Acknowledged, Control, Ignored, Lost, Refused
from ingestors.numbers import MS_NS
from ingestors.parsing import REFUSED, Growing, Symbols, integer, number_text, refusal, unknown
from schemas.books import BookDifference, Levels
from schemas.ticks import Quote, Trade

_ACCEPTED, _REPEATED, _PAST = Ignored("accepted"), Ignored("trade_update"), Ignored("past_trades")
_decode = msgspec.json.Decoder(list[Any], float_hook=str).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode

Event = Trade | Quote | BookDifference | Control
_Handler = Callable[[str, list[Any], int], Event]


class Parser:
    """symbols: the venue's name (tBTCUSD) to the canonical one, those that were asked for. One parser a connection: channel numbers are that one's."""

    def __init__(self, symbols: Mapping[str, str], source: str) -> None:
        self._symbols = Symbols(symbols)
        self._source = source
        self._numbers = Growing()
        self._channels: dict[int, tuple[str, _Handler]] = {}
        self._handlers: dict[str, _Handler] = {"trades": self._trade, "ticker": self._quote, "book": self._book}
        self._sequence = -1  # of the last message; -1: messages are not numbered yet
        self._numbered = False

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or several in order. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            if frame[:1] != b"[":
                return self._object(frame)
            message = _decode(frame)
            event = self._data(message, received_ns)
            lost = self._numbered and self._lost(message)  # a message that could not be read is not counted: the next one shows the hole
            return [event, lost] if lost else event
        except REFUSED as error:
            raise refusal(error) from None

    def _lost(self, message: list[Any]) -> Lost | None:
        number, expected = integer(message[-1]), self._sequence + 1
        self._sequence = number
        return None if number == expected or not expected else Lost(f"message {number} came where {expected} was due")

    def _data(self, message: list[Any], received_ns: int) -> Event:
        channel = self._channels.get(message[0])
        payload = message[1]
        if payload == "hb":
            return HEARTBEAT
        if channel is None:
            if self._numbered and integer(message[-1]) == self._sequence + 1:
                self._sequence += 1  # nothing that we asked for is missing
            raise unknown(f"channel {message[0]!r} was not subscribed to")
        symbol, handler = channel
        return handler(symbol, message, received_ns)

    def _trade(self, symbol: str, message: list[Any], received_ns: int) -> Event:
        if message[1] != "te":
            return _REPEATED if message[1] == "tu" else _PAST
        return trade_of(symbol, message[2], received_ns)

    def _quote(self, symbol: str, message: list[Any], received_ns: int) -> Event:
        bid, bid_size, ask, ask_size = map(number_text, message[1][:4])
        return Quote(symbol, bid, bid_size, ask, ask_size, received_ns, received_ns, self._numbers.next(received_ns), True)

    def _book(self, symbol: str, message: list[Any], received_ns: int) -> Event:
        payload = message[1]
        if payload == "cs":
            return self._difference(symbol, received_ns, [], checksum=int(message[2]))
        whole = not payload or type(payload[0]) is list
        return self._difference(symbol, received_ns, payload if whole else [payload], snapshot=whole)

    def _difference(
        self, symbol: str, received_ns: int, rows: list[list[Any]], *, snapshot: bool = False, checksum: int | None = None
    ) -> BookDifference:
        bids: Levels = []
        asks: Levels = []
        for price, orders, amount, *_ in rows:
            size = number_text(amount)
            side = asks if size[0] == "-" else bids
            side.append((number_text(price), size.lstrip("-") if orders else "0"))
        return BookDifference(symbol, self._source, received_ns, received_ns, 0, 0, bids, asks, snapshot=snapshot, checksum=checksum)

    def _object(self, frame: bytes) -> Event:
        wire = _decode_any(frame)
        if wire.event == "subscribed":
            return self._subscribed(wire)
        if wire.event == "info":
            return _info(wire)
        if wire.event == "conf":
            return self._configured(wire)
        if wire.event == "unsubscribed":
            self._channels.pop(wire.chanId, None)
            return _ACCEPTED
        if wire.event == "error":
            return self._error(wire)
        if wire.event == "pong":
            return HEARTBEAT
        raise unknown(f"event {wire.event!r}")

    def _configured(self, wire: AnyMessage) -> Control:
        if wire.status != "OK":
            return Refused(CONF, f"{wire.code} {wire.msg}")
        self._numbered = bool(wire.flags & SEQUENCES)
        return Acknowledged((CONF,))

    def _error(self, wire: AnyMessage) -> Control:
        about = key(wire.channel, wire.symbol) if wire.symbol else ""
        if wire.code == ALREADY_SUBSCRIBED and about:  # asked for twice
            known = self.channel_of(wire.channel, self._symbols[wire.symbol]) is not None
            return Acknowledged((about,)) if known else Lost(f"{about} has a channel whose number never came")
        if wire.code == NOT_SUBSCRIBED:
            return _ACCEPTED
        return Refused(about, f"{wire.code} {wire.msg}")

    def channel_of(self, channel: str, symbol: str) -> int | None:
        """The number of a subscription, which ends it. symbol: canonical."""
        one = symbol, self._handlers[channel]
        return next((number for number, known in self._channels.items() if known == one), None)

    def _subscribed(self, wire: AnyMessage) -> Acknowledged:
        handler = self._handlers.get(wire.channel)
        if handler is None:
            raise unknown(f"channel {wire.channel!r}")
        self._channels[wire.chanId] = self._symbols[wire.symbol], handler
        return Acknowledged((key(wire.channel, wire.symbol),))


def trade_of(symbol: str, row: list[Any], ingest_ns: int) -> Trade:
    """[id, ms, amount, price], of the stream and of the REST interface. Raises ValueError, IndexError."""
    size = number_text(row[2])
    sold = size[0] == "-"
    trade_id, event_ns = integer(row[0]), integer(row[1]) * MS_NS
    return Trade(symbol, number_text(row[3]), size[1:] if sold else size, event_ns, ingest_ns, trade_id, "sell" if sold else "buy")


def _info(wire: AnyMessage) -> Control:
    if wire.code in (RESTART, MAINTENANCE, MAINTAINED):
        return LEAVING  # the channels are to be asked for again on a connection that follows
    return WELCOME if wire.version else _ACCEPTED
