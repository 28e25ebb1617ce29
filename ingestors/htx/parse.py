"""Bytes of one message of HTX's stream to its events, or to a named refusal. Pure: no I/O, no clock."""

import zlib
from collections.abc import Callable, Mapping

import msgspec

from ingestors.events import HEARTBEAT, UNCLOSED, Acknowledged, Control, Ignored, Ping, Refused
from ingestors.htx.config import MAX_MESSAGE_BYTES
from ingestors.htx.wire import AnyMessage, Books, BookTick, Quotes, Reply, TradeRow, Trades
from ingestors.numbers import MS_NS
from ingestors.parsing import REFUSED, Symbols, number_text, refusal, unknown
from runtime.errors import InvalidRecord
from schemas.books import BookDifference
from schemas.reasons import Reason
from schemas.ticks import Quote, Side, Trade

_PREFIX = b'{"ch":"'
_START = len(_PREFIX)
_GZIP = 31  # of zlib: the gzip format, its largest window
SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_UNSUBSCRIBED = Ignored("unsubscribed")
_decode_trades = msgspec.json.Decoder(Trades, float_hook=str).decode
_decode_quotes = msgspec.json.Decoder(Quotes, float_hook=str).decode
_decode_books = msgspec.json.Decoder(Books, float_hook=str).decode
_decode_reply = msgspec.json.Decoder(Reply, float_hook=str).decode
_decode_any = msgspec.json.Decoder(AnyMessage).decode

Event = Trade | Quote | BookDifference | Control


def unpack(frame: bytes) -> bytes:
    """The text of a frame. Raises InvalidRecord, also for one that would unpack to more than any message of the venue has."""
    if frame[:1] == b"{":
        return frame
    unpacking = zlib.decompressobj(_GZIP)
    try:
        text = unpacking.decompress(frame, MAX_MESSAGE_BYTES)
    except zlib.error as error:
        raise InvalidRecord(Reason.BROKEN_JSON, f"no gzip: {error}") from None
    if unpacking.unconsumed_tail:
        raise InvalidRecord(Reason.FRAME_TOO_LARGE, f"it unpacks to more than {MAX_MESSAGE_BYTES} bytes")
    return text


class Parser:
    """symbols: the venue's name (btcusdt) to the canonical one, those that were asked for."""

    def __init__(self, symbols: Mapping[str, str], source: str) -> None:
        self._symbols = Symbols(symbols)
        self._source = source
        self._handlers: dict[str, Callable[[bytes, int], Event | list[Event]]] = {
            "trade": self._trades,
            "bbo": self._quote,
            "depth": self._whole_book,
            "mbp": self._book,
            "kline": lambda text, received_ns: UNCLOSED,
        }

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or several in order. received_ns: the ingest clock. Raises InvalidRecord with a reason code."""
        text = unpack(frame)
        try:
            if text.startswith(_PREFIX):
                handler = self._handlers.get(_kind(text[_START : text.find(b'"', _START)].decode()))
                if handler:
                    return handler(text, received_ns)
            return self._other(text, received_ns)
        except REFUSED as error:
            raise refusal(error) from None

    def _trades(self, text: bytes, received_ns: int) -> Event | list[Event]:
        wire = _decode_trades(text)
        symbol = self._symbols[_name(wire.ch)]
        trades: list[Event] = [_trade(symbol, row, received_ns) for row in wire.tick.data]
        return trades[0] if len(trades) == 1 else trades[::-1]  # the newest stands first

    def _quote(self, text: bytes, received_ns: int) -> Quote:
        wire = _decode_quotes(text)
        tick = wire.tick
        bid, ask = (number_text(tick.bid), number_text(tick.bidSize)), (number_text(tick.ask), number_text(tick.askSize))
        event_ns = tick.quoteTime * MS_NS or received_ns
        return Quote(self._symbols[_name(wire.ch)], *bid, *ask, event_ns, received_ns, tick.seqId, not tick.quoteTime)

    def _whole_book(self, text: bytes, received_ns: int) -> BookDifference:
        wire = _decode_books(text)
        return self._levels(wire.ch, wire.ts, wire.tick, wire.tick.version, wire.tick.version, received_ns, snapshot=True)

    def _book(self, text: bytes, received_ns: int) -> BookDifference:
        wire = _decode_books(text)
        return self._levels(wire.ch, wire.ts, wire.tick, wire.tick.prevSeqNum + 1, wire.tick.seqNum, received_ns)

    def _reply(self, text: bytes, received_ns: int) -> BookDifference:
        wire = _decode_reply(text)
        return self._levels(wire.rep, wire.ts, wire.data, wire.data.seqNum, wire.data.seqNum, received_ns, snapshot=True)

    def _levels(
        self, channel: str, ts_ms: int, tick: BookTick, first: int, last: int, received_ns: int, *, snapshot: bool = False
    ) -> BookDifference:
        bids = [(number_text(price), number_text(size)) for price, size in tick.bids]
        asks = [(number_text(price), number_text(size)) for price, size in tick.asks]
        symbol, event_ns = self._symbols[_name(channel)], ts_ms * MS_NS or received_ns
        return BookDifference(symbol, self._source, event_ns, received_ns, first, last, bids, asks, snapshot=snapshot)

    def _other(self, text: bytes, received_ns: int) -> Event | list[Event]:
        """Answers, pings, and messages with their keys in another order: rare, so this may be slow."""
        wire = _decode_any(text)
        if wire.ping is not None:
            return Ping(f'{{"pong":{wire.ping}}}')
        if wire.pong is not None:
            return HEARTBEAT
        if wire.status == "error":
            return Refused("" if wire.id is None else str(wire.id)[:200], f"{wire.error_code} {wire.error_message}")
        if wire.subbed:
            return Acknowledged((wire.subbed,))
        if wire.unsubbed:
            return _UNSUBSCRIBED
        if _kind(wire.rep) == "mbp":
            return self._reply(text, received_ns)
        if handler := self._handlers.get(_kind(wire.ch)):
            return handler(text, received_ns)
        raise unknown(f"channel {wire.ch or wire.rep!r}")


def _trade(symbol: str, row: TradeRow, received_ns: int) -> Trade:
    price, size = number_text(row.price), number_text(row.amount)
    return Trade(symbol, price, size, row.ts * MS_NS, received_ns, row.tradeId, SIDES.get(row.direction, ""))


def _name(channel: str) -> str:
    """`btcusdt` of `market.btcusdt.trade.detail`."""
    return channel.split(".", 2)[1]


def _kind(channel: str) -> str:
    """`trade` of it; "" for what is no such channel."""
    parts = channel.split(".", 3)
    return parts[2] if len(parts) > 2 else ""
