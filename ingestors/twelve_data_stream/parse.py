"""Bytes of one message to its events, or to a named refusal. No I/O, no clock; it remembers how much of a symbol was traded."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from ingestors.events import HEARTBEAT, Acknowledged, Control, Ignored, Refused
from ingestors.numbers import SECOND_NS
from ingestors.parsing import REFUSED, Following, Symbols, number_text, refusal, unknown, value_quote
from ingestors.twelve_data_stream.wire import Message
from schemas.ticks import Quote, Trade

_DAY_S = 86_400
_STATUS, _NOTHING_NEW = Ignored("status"), Ignored("price_without_new_volume")
_decode = msgspec.json.Decoder(Message, float_hook=str).decode

Event = Trade | Quote | Control


class Parser:
    """symbols: the provider's name to the canonical one, those that were asked for. One parser a connection."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = Symbols(symbols)
        self._numbers = Following(SECOND_NS)
        self._traded: dict[str, tuple[int, Decimal]] = {}  # when, and how much of the day

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or several in order. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            wire = _decode(frame)
            match wire.event:
                case "price":
                    return self._price(wire, received_ns)
                case "heartbeat":
                    return HEARTBEAT
                case "subscribe-status":
                    return _answers(wire)
                case "unsubscribe-status" | "reset-status":
                    return _STATUS
            raise unknown(f"no message that is known: event {wire.event!r}")
        except REFUSED as error:
            raise refusal(error) from None
        except InvalidOperation as error:
            raise refusal(ValueError(str(error))) from None

    def _price(self, wire: Message, received_ns: int) -> Event | list[Event]:
        symbol, price, event_ns = self._symbols[wire.symbol], number_text(wire.price), wire.timestamp * SECOND_NS
        events: list[Event] = []
        if wire.bid is not None and wire.ask is not None:
            sides = number_text(wire.bid), "0", number_text(wire.ask), "0"
            events.append(Quote(symbol, *sides, event_ns, received_ns, self._numbers.next(symbol, event_ns)))
        if wire.day_volume is not None:
            volume = Decimal(number_text(wire.day_volume))
            if size := self._new_volume(symbol, wire.timestamp, volume):
                number = f"{wire.timestamp}-{format(volume, 'f')}"[:64]
                events.append(Trade(symbol, price, format(size, "f"), event_ns, received_ns, number))
        elif not events:
            return value_quote(symbol, price, event_ns, received_ns, self._numbers.next(symbol, event_ns))
        return events or _NOTHING_NEW

    def _new_volume(self, symbol: str, timestamp: int, volume: Decimal) -> Decimal:
        """What was traded since the price before. 0 for the first price of a connection, which only tells where the day stands, and for one that is late."""
        last = self._traded.get(symbol)
        if last and timestamp < last[0]:
            return Decimal(0)
        self._traded[symbol] = timestamp, volume
        if last is None:
            return Decimal(0)
        if volume >= last[1]:
            return volume - last[1]
        is_new_day = timestamp // _DAY_S != last[0] // _DAY_S
        return volume if is_new_day else Decimal(0)  # else the provider took back what it had counted: nothing was traded


def _answers(wire: Message) -> list[Event]:
    refused = [Refused(one.symbol, "not in the provider's list, or not in your plan") for one in wire.fails or ()]
    return [Acknowledged(tuple(one.symbol for one in wire.success or ())), *refused]
