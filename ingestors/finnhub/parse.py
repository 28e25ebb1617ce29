"""Bytes of one frame to its events, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Mapping

import msgspec

from ingestors.events import HEARTBEAT, Control, Refused
from ingestors.finnhub.wire import Message, TradeRow
from ingestors.numbers import MS_NS
from ingestors.parsing import REFUSED, Following, Ordinals, Symbols, each, number_text, refusal, unknown, value_quote
from schemas.ticks import Quote, Trade

_decode = msgspec.json.Decoder(Message).decode
_decode_row = msgspec.json.Decoder(TradeRow, float_hook=str).decode

Event = Trade | Quote | Control


class Parser:
    """symbols: the provider's name to the canonical one, those that were asked for. One parser a connection."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = Symbols(symbols)
        self._ids = Ordinals()
        self._numbers = Following(MS_NS)

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or several in order. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            wire = _decode(frame)
            match wire.type:
                case "trade" if wire.data:
                    return each([bytes(part) for part in wire.data], lambda part: self._row(part, received_ns))
                case "ping":
                    return HEARTBEAT
                case "error":
                    return Refused("", wire.msg)
            raise unknown(f"no message that is known: type {wire.type!r}")
        except REFUSED as error:
            raise refusal(error) from None

    def _row(self, part: bytes, received_ns: int) -> Event:
        try:
            wire = _decode_row(part)
            symbol, price, size = self._symbols[wire.s], number_text(wire.p), number_text(wire.v)
        except REFUSED as error:
            raise refusal(error) from None
        event_ns = wire.t * MS_NS
        if not is_traded(size):
            return value_quote(symbol, price, event_ns, received_ns, self._numbers.next(symbol, event_ns))
        return Trade(symbol, price, size, event_ns, received_ns, self._ids.id(symbol, known(wire.t, price, size)))


def is_traded(size: str) -> bool:
    """Prices of currencies come with a size of 0: they are values, and no trades. What is no number is for validate to refuse."""
    return any(digit in size for digit in "123456789")


def known(time_ms: int, price: str, size: str) -> str:
    """What tells a trade from others, where the provider gives no id."""
    return f"{time_ms}-{price}-{size}"[:50]
