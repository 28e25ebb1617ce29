"""Bytes of one message to one event, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Callable, Mapping

import msgspec

from ingestors.coinbase.config import key
from ingestors.coinbase.wire import AGGRESSOR, AnyMessage, Beat, BookChanges, BookSnapshot, Match, Subscriptions, Ticker
from ingestors.events import Acknowledged, Control, NewestTrade, Refused
from ingestors.numbers import iso_ns, plain
from runtime.errors import InvalidRecord
from schemas.books import BookDifference, Levels
from schemas.reasons import Reason
from schemas.ticks import Quote, Trade

_PREFIX = b'{"type":"'
_START = len(_PREFIX)
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode_match = msgspec.json.Decoder(Match).decode
_decode_ticker = msgspec.json.Decoder(Ticker).decode
_decode_snapshot = msgspec.json.Decoder(BookSnapshot).decode
_decode_changes = msgspec.json.Decoder(BookChanges).decode
_decode_beat = msgspec.json.Decoder(Beat).decode
_decode_subscriptions = msgspec.json.Decoder(Subscriptions).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode

Event = Trade | Quote | BookDifference | Control


class Parser:
    """Coinbase Exchange's messages. symbols: product to canonical, those that were asked for."""

    def __init__(self, symbols: Mapping[str, str], source: str) -> None:
        self._symbols = symbols
        self._source = source
        self._handlers: dict[bytes, Callable[[bytes, int], Event]] = {
            b"match": self._match,
            b"last_match": self._last_match,
            b"ticker": self._ticker,
            b"heartbeat": self._heartbeat,
            b"subscriptions": self._subscriptions,
            b"error": self._error,
            b"snapshot": self._snapshot,
            b"l2update": self._changes,
        }

    def parse(self, frame: bytes, received_ns: int) -> Event:
        """The event in a frame. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        kind = frame[_START : frame.find(b'"', _START)] if frame.startswith(_PREFIX) else b""
        try:
            handler = self._handlers.get(kind) or self._handlers.get(_decode_any(frame).type.encode())
            if handler is None:
                raise InvalidRecord(Reason.UNKNOWN_MESSAGE, f"no message that is known: type {kind!r}")
            return handler(frame, received_ns)
        except KeyError as error:
            raise InvalidRecord(Reason.UNKNOWN_SYMBOL, f"product {error} was not subscribed to") from None
        except msgspec.ValidationError as error:
            missing = "missing required field" in str(error)
            whole = "at `$" not in str(error) and not missing
            reason = Reason.UNKNOWN_MESSAGE if whole else Reason.MISSING_FIELD if missing else Reason.INVALID_FIELD
            raise InvalidRecord(reason, str(error)) from None
        except _BROKEN as error:
            raise InvalidRecord(Reason.BROKEN_JSON, str(error)) from None
        except ValueError as error:
            raise InvalidRecord(Reason.INVALID_FIELD, str(error)) from None

    def _match(self, frame: bytes, received_ns: int) -> Trade:
        wire = _decode_match(frame)
        side = AGGRESSOR.get(wire.side, "")
        return Trade(
            self._symbols[wire.product_id], plain(wire.price), plain(wire.size), iso_ns(wire.time), received_ns, wire.trade_id, side
        )

    def _last_match(self, frame: bytes, received_ns: int) -> NewestTrade:
        """A trade of the past, told once after subscribing."""
        wire = _decode_match(frame)
        return NewestTrade(self._symbols[wire.product_id], wire.trade_id, iso_ns(wire.time))

    def _ticker(self, frame: bytes, received_ns: int) -> Quote:
        wire = _decode_ticker(frame)
        event_ns = iso_ns(wire.time) if wire.time else received_ns
        bid, ask = (plain(wire.best_bid), plain(wire.best_bid_size)), (plain(wire.best_ask), plain(wire.best_ask_size))
        return Quote(self._symbols[wire.product_id], *bid, *ask, event_ns, received_ns, wire.sequence, not wire.time)

    def _snapshot(self, frame: bytes, received_ns: int) -> BookDifference:
        wire = _decode_snapshot(frame)
        event_ns = iso_ns(wire.time) if wire.time else received_ns
        return self._book(wire.product_id, event_ns, received_ns, wire.bids, wire.asks, snapshot=True)

    def _changes(self, frame: bytes, received_ns: int) -> BookDifference:
        wire = _decode_changes(frame)
        bids = [(price, size) for side, price, size in wire.changes if side == "buy"]
        asks = [(price, size) for side, price, size in wire.changes if side == "sell"]
        if len(bids) + len(asks) != len(wire.changes):
            raise ValueError("a side is neither buy nor sell")
        return self._book(wire.product_id, iso_ns(wire.time), received_ns, bids, asks, snapshot=False)

    def _book(self, product: str, event_ns: int, received_ns: int, bids: Levels, asks: Levels, *, snapshot: bool) -> BookDifference:
        """The venue gives the states of a book no number."""
        return BookDifference(self._symbols[product], self._source, event_ns, received_ns, 0, 0, bids, asks, snapshot=snapshot)

    def _heartbeat(self, frame: bytes, received_ns: int) -> NewestTrade:
        wire = _decode_beat(frame)
        return NewestTrade(self._symbols[wire.product_id], wire.last_trade_id, iso_ns(wire.time))

    def _subscriptions(self, frame: bytes, received_ns: int) -> Acknowledged:
        wire = _decode_subscriptions(frame)
        return Acknowledged(tuple(key(channel.name, product) for channel in wire.channels for product in channel.product_ids))

    def _error(self, frame: bytes, received_ns: int) -> Refused:
        wire = _decode_any(frame)
        return Refused("", f"{wire.message}: {wire.reason}" if wire.reason else wire.message)


def quote_product(frame: bytes) -> bytes:
    """The start of a ticker up to its product's name, so the newest quote of a product can be told from older ones; b"" for any other frame."""
    if not frame.startswith(b'{"type":"ticker"'):
        return b""
    at = frame.find(b'"product_id":"')
    return frame[at : frame.find(b'"', at + 14)] if at >= 0 else b""
