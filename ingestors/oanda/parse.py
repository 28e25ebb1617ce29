"""Bytes of one line to one event, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Mapping

import msgspec

from ingestors.events import HEARTBEAT, Control, Ignored
from ingestors.numbers import iso_ns
from ingestors.oanda.wire import Message
from ingestors.parsing import REFUSED, Symbols, number_text, refusal, unknown
from schemas.ticks import Quote

_CLOSED, _ONE_SIDE = Ignored("price_of_a_closed_market"), Ignored("price_with_one_side")
_decode = msgspec.json.Decoder(Message, float_hook=str).decode

Event = Quote | Control


class Parser:
    """symbols: instrument to canonical, those that were asked for."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = Symbols(symbols)

    def parse(self, frame: bytes, received_ns: int) -> Event:
        """The event in a line. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            wire = _decode(frame)
            if wire.type == "PRICE":
                return self._quote(wire, received_ns)
            if wire.type == "HEARTBEAT":
                return HEARTBEAT
            raise unknown(f"no message that is known: type {wire.type!r}")
        except REFUSED as error:
            raise refusal(error) from None

    def _quote(self, wire: Message, received_ns: int) -> Event:
        """Its time is its number, since it has no other: an instrument has one price at an instant."""
        symbol, event_ns = self._symbols[wire.instrument], iso_ns(wire.time)
        if wire.status != "tradeable":
            return _CLOSED
        if not (wire.bids and wire.asks):
            return _ONE_SIDE
        bid, ask = wire.bids[0], wire.asks[0]
        sizes = number_text(bid.liquidity), number_text(ask.liquidity)
        return Quote(symbol, bid.price, sizes[0], ask.price, sizes[1], event_ns, received_ns, event_ns)
