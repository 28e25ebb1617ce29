"""Bytes of one message of KuCoin's stream to its event, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Callable, Mapping

import msgspec

from ingestors.events import HEARTBEAT, UNCLOSED, WELCOME, Acknowledged, Control, Refused
from ingestors.kucoin.wire import SIDES, AnyMessage, BookChange, Match, Ticker
from ingestors.numbers import MS_NS, plain
from ingestors.parsing import REFUSED, Symbols, integer, refusal, unknown
from schemas.books import BookDifference
from schemas.ticks import Quote, Trade

_SUBJECT = b'"subject":"'
_decode_match = msgspec.json.Decoder(Match).decode
_decode_ticker = msgspec.json.Decoder(Ticker).decode
_decode_book = msgspec.json.Decoder(BookChange).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode

Event = Trade | Quote | BookDifference | Control


class Parser:
    """symbols: the venue's name to the canonical one (they are alike), those that were asked for."""

    def __init__(self, symbols: Mapping[str, str], source: str) -> None:
        self._symbols = Symbols(symbols)
        self._source = source
        self._handlers: dict[bytes, Callable[[bytes, int], Event]] = {
            b"trade.l3match": self._trade,
            b"trade.ticker": self._quote,
            b"trade.l2update": self._book,
            b"trade.candles.update": lambda frame, received_ns: UNCLOSED,
            b"trade.candles.add": lambda frame, received_ns: UNCLOSED,
        }

    def parse(self, frame: bytes, received_ns: int) -> Event:
        """The event in a frame. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        try:
            at = frame.rfind(_SUBJECT) + len(_SUBJECT)
            handler = self._handlers.get(frame[at : frame.find(b'"', at)])
            return handler(frame, received_ns) if handler else self._other(frame)
        except REFUSED as error:
            raise refusal(error) from None

    def _trade(self, frame: bytes, received_ns: int) -> Trade:
        data = _decode_match(frame).data
        side, number = SIDES.get(data.side, ""), integer(data.sequence)
        return Trade(self._symbols[data.symbol], plain(data.price), plain(data.size), integer(data.time), received_ns, number, side)

    def _quote(self, frame: bytes, received_ns: int) -> Quote:
        wire = _decode_ticker(frame)
        data = wire.data
        symbol = self._symbols[wire.topic.rpartition(":")[2]]
        event_ns = data.time * MS_NS or received_ns
        bid, ask = (plain(data.bestBid), plain(data.bestBidSize)), (plain(data.bestAsk), plain(data.bestAskSize))
        return Quote(symbol, *bid, *ask, event_ns, received_ns, integer(data.sequence), not data.time)

    def _book(self, frame: bytes, received_ns: int) -> BookDifference:
        data = _decode_book(frame).data
        bids = [(price, size) for price, size, _ in data.changes.bids if price != "0"]
        asks = [(price, size) for price, size, _ in data.changes.asks if price != "0"]
        event_ns = data.time * MS_NS or received_ns
        return BookDifference(
            self._symbols[data.symbol], self._source, event_ns, received_ns, data.sequenceStart, data.sequenceEnd, bids, asks
        )

    def _other(self, frame: bytes) -> Control:
        wire = _decode_any(frame)
        if wire.type == "welcome":
            return WELCOME
        if wire.type == "ack":
            return Acknowledged((wire.id,))
        if wire.type == "pong":
            return HEARTBEAT
        if wire.type == "error":
            return Refused(wire.id, f"{wire.code} {wire.data}"[:200])
        raise unknown(f"type {wire.type!r}, subject {wire.subject!r}")


def quote_topic(frame: bytes) -> bytes:
    """The topic of a ticker, of which only the newest counts; b"" for any other frame."""
    at = frame.find(b'"/market/ticker:')
    return frame[at : frame.find(b'"', at + 1)] if at >= 0 else b""
