"""How a subscription wants its messages: which of them, and how they are written. A value; equal ones share every encoded byte."""

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from gateway.frames import JSON, Wire
from gateway.series import Channel, Event
from schemas.ticks import Quote, Trade

WITH_VOLUME = frozenset({Channel.TICKS, Channel.OHLCV, Channel.OHLCV_FORMING})
WITH_QUALITY = WITH_VOLUME | {Channel.INDICATORS, Channel.SIGNALS, Channel.QUALITY, Channel.MARKET_SUMMARY}
# What may be thinned: states, and prices, of which the newest says most. Bars, signals, alerts and gaps are few and each counts.
WITH_PACE = frozenset({Channel.TICKS, Channel.OHLCV_FORMING, Channel.ORDERBOOK, Channel.MARKET_SUMMARY})


class Variant(NamedTuple):
    """strings: numbers as strings. indicators: only these, by name or key; empty: all. kind: only `trade` or `quote`.

    min_volume: of a trade or bar; quotes have none and do not pass. quality_threshold: 0..1, of what the event says of itself.
    max_per_s: messages a second of one series, 0: all. wire: the connection's; in MessagePack all numbers of the market are strings.
    """

    strings: bool = False
    indicators: tuple[str, ...] = ()
    kind: str = ""
    min_volume: Decimal | None = None
    quality_threshold: float = 0.0
    max_per_s: float = 0.0
    wire: Wire = JSON

    @property
    def is_filter(self) -> bool:
        """True if not every event of a series is wanted."""
        return self.kind != "" or self.min_volume is not None or self.quality_threshold > 0

    def wants(self, event: Event) -> bool:
        return not self.is_filter or passes(event, self)


PLAIN = Variant()


def passes(event: Event, variant: Variant) -> bool:
    """True if the subscription wants this event."""
    if variant.kind and not isinstance(event, Trade if variant.kind == "trade" else Quote):
        return False
    if variant.min_volume is not None and not _volume(event) >= variant.min_volume:
        return False
    return _quality(event) >= variant.quality_threshold


def _volume(event: Any) -> Decimal:
    """-1 where there is none."""
    text = getattr(event, "size", None) or getattr(event, "volume", None)
    try:
        volume = Decimal(text) if text else Decimal(-1)
    except InvalidOperation:
        return Decimal(-1)
    return volume if volume.is_finite() else Decimal(-1)


def _quality(event: Any) -> float:
    for name in ("quality", "bar_quality", "score"):
        value = getattr(event, name, None)
        if isinstance(value, float):
            return value
    return 1.0
