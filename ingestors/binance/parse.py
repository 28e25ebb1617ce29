"""Bytes of one frame to one event, or to a named refusal. Pure: no I/O, no clock; about 1 us a trade or quote."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

import msgspec

from ingestors.binance.wire import (
    AnyFrame,
    BookTickerFrame,
    DepthFrame,
    KlineFrame,
    Notice,
    TradeFrame,
)
from ingestors.events import LEAVING, UNCLOSED, Acknowledged, Control
from ingestors.numbers import MS_NS, plain
from runtime.errors import InvalidRecord
from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.reasons import Reason
from schemas.ticks import Quote, Side, Trade

_PREFIX = b'{"stream":"'
_NAME_START = len(_PREFIX)
_EVENTS = frozenset({"", "trade", "depthUpdate", "kline"})  # "" is the book ticker, which does not say what it is
_CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN)
_VWAP_STEP = Decimal("1e-10")
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last two: text that is not UTF-8, nesting without end


Event = Trade | Quote | BookDifference | Bar | Control
_Handler = Callable[[bytes, int], Event]


def _stripped(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def mean_price(volume: str, quote_volume: str, close: str) -> str:
    """quote volume / volume to 10 decimals; the close where nothing traded. Raises InvalidRecord."""
    try:
        base = Decimal(volume)
        if not base:
            return close
        return _stripped(_CONTEXT.divide(Decimal(quote_volume), base).quantize(_VWAP_STEP, context=_CONTEXT))
    except InvalidOperation:
        raise InvalidRecord(Reason.INVALID_FIELD, "volume is no number") from None


class Parser:
    """Binance's frames of the combined stream. symbols: the venue's name to the canonical one, from its symbol table."""

    def __init__(self, symbols: dict[str, str], source: str, capture_clock: bool = False) -> None:
        self._symbols = symbols
        self._source = source
        self._capture_clock = capture_clock
        self._handlers: dict[bytes, _Handler] = {b"trade": self._trade, b"bookTicker": self._quote, b"depth": self._depth}
        self._handlers |= {b"depth@100ms": self._depth, b"kline_1m": self._kline}
        names = [venue.lower().encode() for venue in symbols]
        self._by_stream = {name + b"@" + kind: handler for name in names for kind, handler in self._handlers.items()}
        self._decode_trade = msgspec.json.Decoder(TradeFrame).decode
        self._decode_quote = msgspec.json.Decoder(BookTickerFrame).decode
        self._decode_depth = msgspec.json.Decoder(DepthFrame).decode
        self._decode_kline = msgspec.json.Decoder(KlineFrame).decode
        self._decode_any = msgspec.json.Decoder(AnyFrame).decode
        self._decode_notice = msgspec.json.Decoder(Notice).decode

    def parse(self, frame: bytes, received_ns: int) -> Event:
        """The event in a frame. received_ns: the ingest clock, for frames that do not bring their own. Raises InvalidRecord with a reason code."""
        handler = self._by_stream.get(frame[_NAME_START : frame.find(b'"', _NAME_START)]) or self._handlers.get(stream_kind(frame))
        try:
            if handler is not None:
                return handler(frame, received_ns)
            return self._other(frame, received_ns)
        except KeyError as error:
            raise InvalidRecord(Reason.UNKNOWN_SYMBOL, f"symbol {error} was not subscribed to") from None
        except msgspec.ValidationError as error:
            raise self._refusal(frame, str(error)) from None
        except _BROKEN as error:
            raise InvalidRecord(Reason.BROKEN_JSON, str(error)) from None

    def _trade(self, frame: bytes, received_ns: int) -> Trade:
        wire = self._decode_trade(frame)
        data = wire.data
        ingest_ns = wire.ts_capture_ns if self._capture_clock and wire.ts_capture_ns else received_ns
        side: Side = "sell" if data.m else "buy"
        return Trade(self._symbols[data.s], plain(data.p), plain(data.q), data.T * MS_NS, ingest_ns, data.t, side)

    def _quote(self, frame: bytes, received_ns: int) -> Quote:
        wire = self._decode_quote(frame)
        d = wire.data
        ingest_ns = wire.ts_capture_ns if self._capture_clock and wire.ts_capture_ns else received_ns
        bid, bid_size, ask, ask_size = d.b, d.B, d.a, d.A
        numbers = f"{bid}{bid_size}{ask}{ask_size}"
        if "e" in numbers or "E" in numbers:  # a call for each takes as long as decoding them
            bid, bid_size, ask, ask_size = map(plain, (bid, bid_size, ask, ask_size))
        return Quote(self._symbols[d.s], bid, bid_size, ask, ask_size, ingest_ns, ingest_ns, d.u, True)

    def _depth(self, frame: bytes, received_ns: int) -> BookDifference:
        wire = self._decode_depth(frame)
        data = wire.data
        ingest_ns = wire.ts_capture_ns if self._capture_clock and wire.ts_capture_ns else received_ns
        return BookDifference(self._symbols[data.s], self._source, data.E * MS_NS, ingest_ns, data.U, data.u, data.b, data.a)

    def _kline(self, frame: bytes, received_ns: int) -> Bar | Control:
        wire = self._decode_kline(frame)
        k = wire.data.k
        symbol = self._symbols[wire.data.s]
        if not k.x:
            return UNCLOSED
        return Bar(
            symbol=symbol,
            source=self._source,
            timeframe=k.i,
            ts_open_ns=k.t * MS_NS,
            ts_close_ns=(k.T + 1) * MS_NS,
            open=plain(k.o),
            high=plain(k.h),
            low=plain(k.l),
            close=plain(k.c),
            volume=plain(k.v),
            quote_volume=plain(k.q),
            vwap=mean_price(k.v, k.q, plain(k.c)),
            trade_count=k.n,
            kind="provider",
            revision=0,
            quality=1.0,
            reasons=(),
            known_at_ns=wire.ts_capture_ns if self._capture_clock and wire.ts_capture_ns else received_ns,
        )

    def _other(self, frame: bytes, received_ns: int) -> Event:
        """Frames that do not start like a combined stream's: rare, so this may be slow."""
        wire: AnyFrame = self._decode_any(frame)
        handler = self._handlers.get(wire.stream.partition("@")[2].encode())
        if handler is not None:
            return handler(frame, received_ns)
        notice = wire.e or (self._decode_notice(wire.data).e if bytes(wire.data).startswith(b"{") else "")
        if notice == "serverShutdown":
            return LEAVING
        if bytes(wire.result) and wire.id is not None:
            return Acknowledged((str(wire.id),))
        raise InvalidRecord(Reason.UNKNOWN_MESSAGE, _describe(wire))

    def _refusal(self, frame: bytes, error: str) -> InvalidRecord:
        """Why a JSON document does not fit: it is another message than the stream's, it lacks a field, or a field is wrong."""
        try:
            data = self._decode_any(frame).data
            event = self._decode_notice(data).e if bytes(data) else ""
        except msgspec.ValidationError:
            return InvalidRecord(Reason.UNKNOWN_MESSAGE if "at `$" not in error else Reason.INVALID_FIELD, error)
        except _BROKEN as broken:
            return InvalidRecord(Reason.BROKEN_JSON, str(broken))
        if event not in _EVENTS:
            return InvalidRecord(Reason.UNKNOWN_MESSAGE, f"event {event!r} on a stream of other events")
        return InvalidRecord(Reason.MISSING_FIELD if "missing required field" in error else Reason.INVALID_FIELD, error)


def stream_kind(frame: bytes) -> bytes:
    """`trade`, `bookTicker`, `depth@100ms`, ... of a frame of the combined stream, without decoding it; b"" for any other frame."""
    if not frame.startswith(_PREFIX):
        return b""
    return frame[len(_PREFIX) : frame.find(b'"', len(_PREFIX))].partition(b"@")[2]


def quote_stream(frame: bytes) -> bytes:
    """The stream's name, such as `btcusdt@bookTicker`, of a frame with the newest quote of a symbol; b"" for any other frame."""
    if not frame.startswith(_PREFIX):
        return b""
    name = frame[_NAME_START : frame.find(b'"', _NAME_START)]
    return name if name.endswith(b"@bookTicker") else b""


def _describe(wire: Any) -> str:
    if wire.code is not None or bytes(wire.error):
        return f"the provider refused a command: {wire.code} {wire.msg} {bytes(wire.error).decode('utf-8', 'replace')}"
    return f"no message that is known: stream {wire.stream!r}, event {wire.e!r}"
