"""Bytes of one frame to its events, or to a named refusal. Pure: no I/O, no clock."""

from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from ingestors.events import WELCOME, Acknowledged, Control, Denied, Ignored, Refused
from ingestors.numbers import MS_NS
from ingestors.parsing import REFUSED, Following, Symbols, each, number_text, refusal, unknown, value_quote
from ingestors.polygon.config import LOGIN
from ingestors.polygon.ids import quote_number, trade_id
from ingestors.polygon.wire import AnyEvent, BarEvent, CryptoTrade, CurrencyQuote, IndexValue, QuoteEvent, Status, TradeEvent
from schemas.bars import Bar
from schemas.ticks import Quote, Side, Trade

_PREFIX = b'{"ev":"'
_START = len(_PREFIX)
_MINUTE_MS = 60_000
_SUBSCRIBED = "subscribed to: "
_SIDES: dict[int, Side] = {1: "sell", 2: "buy"}
_SKIPPED, _STATUS = Ignored("trade_without_a_market_price"), Ignored("status")
_decode_frame = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder(AnyEvent).decode
_decode_status = msgspec.json.Decoder(Status).decode
_decode_trade = msgspec.json.Decoder(TradeEvent, float_hook=str).decode
_decode_quote = msgspec.json.Decoder(QuoteEvent, float_hook=str).decode
_decode_bar = msgspec.json.Decoder(BarEvent, float_hook=str).decode
_decode_currency = msgspec.json.Decoder(CurrencyQuote, float_hook=str).decode
_decode_crypto = msgspec.json.Decoder(CryptoTrade, float_hook=str).decode
_decode_value = msgspec.json.Decoder(IndexValue, float_hook=str).decode

Event = Trade | Quote | Bar | Control


class Parser:
    """symbols: the stream's name to the canonical one. lot: shares of one unit of a quote's size. skipped: conditions of trades that are not passed on."""

    def __init__(self, symbols: Mapping[str, str], source: str, lot: int = 100, skipped: Collection[int] = ()) -> None:
        self._symbols = Symbols(symbols)
        self._source = source
        self._lot = lot
        self._skipped = frozenset(skipped)
        self._numbers = Following(MS_NS)
        self._handlers: dict[bytes, Callable[[bytes, int], Event]] = {
            b"T": self._trade,
            b"Q": self._quote,
            b"AM": self._bar,
            b"C": self._currency,
            b"CA": self._currency_bar,
            b"XT": self._crypto,
            b"XA": self._bar,
            b"V": self._value,
            b"status": self._status,
        }

    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """All events of a frame in order; one that is wrong among good ones is told as Unreadable. received_ns: the ingest clock. Raises InvalidRecord where
        nothing of the frame is good."""
        try:
            parts = [bytes(part) for part in _decode_frame(frame)]
        except REFUSED as error:
            raise refusal(error) from None
        return each(parts, lambda part: self._event(part, received_ns))

    def _event(self, part: bytes, received_ns: int) -> Event:
        try:
            kind = part[_START : part.find(b'"', _START)] if part.startswith(_PREFIX) else _decode_any(part).ev.encode()
            handler = self._handlers.get(kind)
            if handler is None:
                raise unknown(f"no event that is known: {kind[:40]!r}")
            return handler(part, received_ns)
        except REFUSED as error:
            raise refusal(error) from None

    def _trade(self, part: bytes, received_ns: int) -> Event:
        wire = _decode_trade(part)
        symbol = self._symbols[wire.sym]
        if not self._skipped.isdisjoint(wire.c):
            return _SKIPPED
        number = trade_id(wire.t, wire.x, wire.trfi, wire.i)
        return Trade(symbol, number_text(wire.p), number_text(wire.s), wire.t * MS_NS, received_ns, number)

    def _quote(self, part: bytes, received_ns: int) -> Quote:
        wire = _decode_quote(part)
        bid, ask = (number_text(wire.bp), self._shares(wire.bs)), (number_text(wire.ap), self._shares(wire.ask_size))
        return Quote(self._symbols[wire.sym], *bid, *ask, wire.t * MS_NS, received_ns, quote_number(wire.t, wire.q))

    def _shares(self, lots: object) -> str:
        text = number_text(lots)
        return format(Decimal(text) * self._lot, "f") if self._lot != 1 else text

    def _currency(self, part: bytes, received_ns: int) -> Quote:
        """Its time is its number: it has no other."""
        wire = _decode_currency(part)
        symbol, event_ns = self._symbols[wire.p], wire.t * MS_NS
        number = self._numbers.next(symbol, event_ns)
        return Quote(symbol, number_text(wire.b), "0", number_text(wire.a), "0", event_ns, received_ns, number)

    def _value(self, part: bytes, received_ns: int) -> Quote:
        wire = _decode_value(part)
        symbol, event_ns = self._symbols[wire.T], wire.t * MS_NS
        return value_quote(symbol, number_text(wire.val), event_ns, received_ns, self._numbers.next(symbol, event_ns))

    def _crypto(self, part: bytes, received_ns: int) -> Trade:
        wire = _decode_crypto(part)
        price, size = number_text(wire.p), number_text(wire.s)
        number = trade_id(wire.t, wire.x, 0, str(wire.i) or f"{wire.t}-{price}-{size}")
        return Trade(self._symbols[wire.pair], price, size, wire.t * MS_NS, received_ns, number, aggressor(wire.c))

    def _bar(self, part: bytes, received_ns: int) -> Bar:
        wire = _decode_bar(part)
        volume, mean, size = Decimal(number_text(wire.v)), Decimal(number_text(wire.vw)), Decimal(number_text(wire.z))
        bar = self._prices(wire, received_ns)
        bar.volume, bar.vwap = format(volume, "f"), format(mean, "f") if mean else bar.close
        bar.quote_volume = format(volume * mean, "f")
        bar.trade_count = int((volume / size).to_integral_value(ROUND_HALF_EVEN)) if size else 0
        return bar

    def _currency_bar(self, part: bytes, received_ns: int) -> Bar:
        """Of quotes: nothing was traded."""
        wire = _decode_bar(part)
        bar = self._prices(wire, received_ns)
        bar.quote_count = int(Decimal(number_text(wire.v)))
        bar.price_basis = "mid"
        return bar

    def _prices(self, wire: BarEvent, received_ns: int) -> Bar:
        close = number_text(wire.c)
        return Bar(
            symbol=self._symbols[wire.sym or wire.pair],
            source=self._source,
            timeframe="1m",
            ts_open_ns=wire.s * MS_NS,
            ts_close_ns=(wire.s + _MINUTE_MS) * MS_NS,
            open=number_text(wire.o),
            high=number_text(wire.h),
            low=number_text(wire.l),
            close=close,
            volume="0",
            quote_volume="0",
            vwap=close,
            trade_count=0,
            kind="provider",
            revision=0,
            quality=1.0,
            reasons=(),
            known_at_ns=received_ns,
        )

    def _status(self, part: bytes, received_ns: int) -> Control:
        wire = _decode_status(part)
        match wire.status:
            case "connected":
                return WELCOME
            case "auth_success":
                return Acknowledged((LOGIN,))
            case "auth_failed":
                return Denied(wire.message)
            case "success" if wire.message.startswith(_SUBSCRIBED):
                return Acknowledged((wire.message.removeprefix(_SUBSCRIBED),))
            case "error":
                return Refused("", wire.message)
            case "max_connections":
                return Refused("connection", wire.message)
        return _STATUS


def aggressor(conditions: Collection[int]) -> Side:
    """Of a crypto trade: its conditions tell it."""
    return next((_SIDES[code] for code in conditions if code in _SIDES), "")


def newest_key(frame: bytes) -> bytes:
    """For a frame of one quote: its start up to the symbol's end, so the newest can be told from older ones; b"" for all others."""
    if frame.count(b'"ev":"') != 1:
        return b""
    if frame.startswith(b'[{"ev":"Q","sym":"'):
        return frame[: frame.find(b'"', 18)]
    return frame[: frame.find(b'"', 16)] if frame.startswith(b'[{"ev":"C","p":"') else b""
