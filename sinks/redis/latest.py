"""The newest of every key among the events of a batch. No I/O."""

from collections.abc import Iterable

from cache.guard import Write
from cache.kinds import KINDS, Kind
from schemas.bars import Bar
from schemas.codec import decode_bar, decode_indicators, decode_signal, decode_ticks
from schemas.indicators import IndicatorRecord
from schemas.signals import Signal
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic
from sinks.redis.values import forming_write, quote_write, series_write, tick_order

_BAR, _FORMING, _INDICATORS, _SIGNAL = (KINDS[name] for name in ("bar", "forming", "indicators", "signal"))
_Series = Bar | IndicatorRecord | Signal
Event = _Series | TickEnvelope | Watermark
_PartKey = tuple[str, str]  # symbol and part


class Latest:
    """Takes events, gives the writes they come to. conflated: events that a newer one of the batch made needless."""

    def __init__(self, quote_lifetime_s: int) -> None:
        self._quote_lifetime_s = quote_lifetime_s
        self._ticks: dict[_PartKey, tuple[Trade | Quote, str]] = {}
        self._series: dict[str, Write] = {}
        self.conflated = 0

    def __len__(self) -> int:
        return len(self._ticks) + len(self._series)

    def take(self, topic: Topic, value: bytes) -> Event:
        """One record; returns its event. Raises schemas.codec.DecodeError or SchemaError and has taken nothing then."""
        if topic is Topic.TICKS:
            return self._take_ticks(decode_ticks(value))
        if topic is Topic.INDICATORS:
            return self._take_series(_INDICATORS, decode_indicators(value))
        if topic is Topic.SIGNALS:
            return self._take_series(_SIGNAL, decode_signal(value))
        bar = decode_bar(value)
        return self._take_series(_FORMING if topic is Topic.BARS_FORMING else _BAR, bar)

    @property
    def symbols(self) -> set[str]:
        """Those with ticks."""
        return {symbol for symbol, _ in self._ticks}

    def _take_ticks(self, event: TickEnvelope | Watermark) -> TickEnvelope | Watermark:
        if isinstance(event, Watermark):
            return event
        before = len(self._ticks)
        primary = [tick for tick in event.ticks if tick.primary]
        for tick in _newest(primary):
            key = (tick.symbol, "trade" if tick.__class__ is Trade else "quote")
            known = self._ticks.get(key)
            if known is None or tick_order(tick) >= tick_order(known[0]):
                self._ticks[key] = (tick, event.source)
        self.conflated += len(primary) - (len(self._ticks) - before)
        return event

    def _take_series(self, kind: Kind, event: _Series) -> _Series:
        if event.primary:
            write = forming_write(event) if kind is _FORMING and isinstance(event, Bar) else series_write(kind, event)
            known = self._series.get(write.key)
            self.conflated += known is not None
            if known is None or write.order >= known.order:
                self._series[write.key] = write
        return event

    def writes(self) -> list[Write]:
        """One a key and part."""
        return [quote_write(tick, source, self._quote_lifetime_s) for tick, source in self._ticks.values()] + list(self._series.values())


def _newest(ticks: Iterable[Trade | Quote]) -> list[Trade | Quote]:
    """Of each symbol the trade and the quote that `tick_order` puts last, of equal ones the later. Every tick of the line comes through here."""
    trades: dict[str, Trade | Quote] = {}
    quotes: dict[str, Trade | Quote] = {}
    for tick in ticks:
        newest = trades if tick.__class__ is Trade else quotes
        known = newest.get(tick.symbol)
        # Mostly the time alone decides, and a call a tick would double what this costs.
        if known is None or tick.ts_event_ns > known.ts_event_ns or tick_order(tick) >= tick_order(known):
            newest[tick.symbol] = tick
    return [*trades.values(), *quotes.values()]
