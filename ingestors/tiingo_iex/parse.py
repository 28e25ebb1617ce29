"""Bytes of one message to its event, or to a named refusal. No I/O, no clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ingestors.events import HEARTBEAT, Acknowledged, Control, Denied, Ignored, Refused
from ingestors.numbers import SECOND_NS, iso_ns
from ingestors.parsing import REFUSED, Following, Ordinals, Symbols, integer, number_text, refusal, unknown, value_quote
from ingestors.tiingo_iex.config import SUBSCRIPTION
from ingestors.tiingo_iex.wire import (
    ASK,
    ASK_SIZE,
    BID,
    BID_SIZE,
    KIND,
    LAST,
    LAST_SIZE,
    TICKER,
    TIME_NS,
    VALUE,
    VALUE_TICKER,
    VALUE_TIME,
    Message,
)
from schemas.ticks import Quote, Trade

_BREAK, _ONE_SIDE = Ignored("trade_break"), Ignored("quote_with_one_side")
_KEY_CODES = (401, 403)
_decode = msgspec.json.Decoder(Message, float_hook=str).decode

Event = Trade | Quote | Control


class Parser:
    """symbols: the provider's name to the canonical one, those that were asked for. One parser a connection. subscription: its number, once it is known."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = Symbols(symbols)
        self._ids = Ordinals()
        self._quotes = Following(1)
        self._values = Following(SECOND_NS)
        self.subscription: int | None = None

    def parse(self, frame: bytes, received_ns: int) -> Event:
        """The event in a message. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            wire = _decode(frame)
            match wire.messageType:
                case "A":
                    return self._data(wire.data, received_ns)
                case "H":
                    return HEARTBEAT
                case "I":
                    return self._taken(wire.data)
                case "E":
                    return _error(wire)
            raise unknown(f"no message that is known: type {wire.messageType!r}")
        except REFUSED as error:
            raise refusal(error) from None

    def _data(self, row: Any, received_ns: int) -> Event:
        if not isinstance(row, list):
            raise ValueError("data is no array")
        match row[KIND]:
            case "T":
                return self._trade(row, received_ns)
            case "Q":
                return self._quote(row, received_ns)
            case "B":
                return _BREAK
        return self._value(row, received_ns)

    def _trade(self, row: list[Any], received_ns: int) -> Trade:
        symbol, event_ns = self._symbol(row[TICKER]), integer(row[TIME_NS])
        price, size = number_text(row[LAST]), number_text(row[LAST_SIZE])
        number = self._ids.id(symbol, f"{event_ns}-{price}-{size}"[:50])
        return Trade(symbol, price, size, event_ns, received_ns, number)

    def _quote(self, row: list[Any], received_ns: int) -> Quote | Control:
        symbol, event_ns, sides = self._symbol(row[TICKER]), integer(row[TIME_NS]), (row[BID], row[BID_SIZE], row[ASK], row[ASK_SIZE])
        if None in sides:
            return _ONE_SIDE
        bid, bid_size, ask, ask_size = map(number_text, sides)
        return Quote(symbol, bid, bid_size, ask, ask_size, event_ns, received_ns, self._quotes.next(symbol, event_ns))

    def _value(self, row: list[Any], received_ns: int) -> Quote:
        """The reference price that a subscription without an agreement with IEX gets."""
        symbol, event_ns = self._symbol(row[VALUE_TICKER]), _time_ns(row[VALUE_TIME])
        return value_quote(symbol, number_text(row[VALUE]), event_ns, received_ns, self._values.next(symbol, event_ns))

    def _symbol(self, ticker: Any) -> str:
        if not isinstance(ticker, str):
            raise ValueError(f"{str(ticker)[:64]!r} is no ticker")
        return self._symbols[ticker.lower()]

    def _taken(self, data: Any) -> Acknowledged:
        number = data.get("subscriptionId") if isinstance(data, dict) else None
        if isinstance(number, int):
            self.subscription = number
        return Acknowledged((SUBSCRIPTION,))


def _error(wire: Message) -> Denied | Refused:
    code, words = (wire.response.code, wire.response.message) if wire.response else (0, "")
    return Denied(f"{code} {words}") if code in _KEY_CODES else Refused(SUBSCRIPTION, f"{code} {words}")


def _time_ns(text: Any) -> int:
    """`2026-08-25T14:00:00Z`, or with an offset."""
    if not isinstance(text, str) or len(text) > 40:
        raise ValueError(f"{str(text)[:40]!r} is no time")
    if text.endswith("Z"):
        return iso_ns(text)
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return int(when.timestamp()) * SECOND_NS + when.microsecond * 1_000
