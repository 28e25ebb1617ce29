"""Bytes of one message to one event, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Mapping

import msgspec

from ingestors.events import HEARTBEAT, WELCOME, Acknowledged, Control, Refused
from ingestors.numbers import MS_NS, plain
from ingestors.template.wire import AnyMessage, TradeMessage
from runtime.errors import InvalidRecord
from schemas.reasons import Reason
from schemas.ticks import Side, Trade

_TRADE = b'{"type":"trade"'
_SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_decode_trade = msgspec.json.Decoder(TradeMessage).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode


class Parser:
    """symbols: the provider's name to the canonical one."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols

    def parse(self, frame: bytes, received_ns: int) -> Trade | Control:
        """The event in a frame. received_ns: the ingest clock. Raises InvalidRecord with a reason code, whatever the bytes are."""
        try:
            if frame.startswith(_TRADE):
                return trade_of(_decode_trade(frame), self._symbols, received_ns)
            return _control(_decode_any(frame))
        except KeyError as error:
            raise InvalidRecord(Reason.UNKNOWN_SYMBOL, f"symbol {error} was not subscribed to") from None
        except msgspec.ValidationError as error:
            reason = Reason.MISSING_FIELD if "missing required field" in str(error) else Reason.INVALID_FIELD
            raise InvalidRecord(reason, str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidRecord(Reason.BROKEN_JSON, str(error)) from None


def trade_of(wire: TradeMessage, symbols: Mapping[str, str], ingest_ns: int) -> Trade:
    """A row of REST and a message of the stream look alike here."""
    return Trade(symbols[wire.s], plain(wire.p), plain(wire.q), wire.t * MS_NS, ingest_ns, wire.id, _SIDES.get(wire.taker, ""))


def _control(wire: AnyMessage) -> Control:
    if wire.type == "ack":
        return Acknowledged((str(wire.id),))
    if wire.type == "error":
        return Refused(str(wire.id) if wire.id else "", wire.message)
    if wire.type == "welcome":
        return WELCOME
    if wire.type == "heartbeat":
        return HEARTBEAT
    raise InvalidRecord(Reason.UNKNOWN_MESSAGE, f"no message that is known: type {wire.type!r}")
