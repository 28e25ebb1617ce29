"""Which series a subscription takes. A value: equal selections are one subscription."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from gateway.frames import JSON, Wire
from gateway.protocol import BadMessage, Filters, Names, Selection
from gateway.series import PRIMARY, TRAITS, Channel, SeriesKey
from gateway.variant import WITH_PACE, WITH_QUALITY, WITH_VOLUME, Variant

ANY = "*"


class Selector(NamedTuple):
    """Each of symbols, sources, timeframes: names, or ("*",). sources ("",): the primary. Channels without timeframes have ("",)."""

    channel: Channel
    symbols: tuple[str, ...]
    sources: tuple[str, ...]
    timeframes: tuple[str, ...]
    variant: Variant

    @classmethod
    def of(cls, action: Selection, wire: Wire = JSON) -> "Selector":
        """wire: of the client's connection. Raises BadMessage where a filter makes no sense on the channel."""
        channel, traits = action.channel, TRAITS[action.channel]
        filters = action.filters or Filters()
        source, timeframe, indicator = (_one_of(action, filters, name) for name in ("source", "timeframe", "indicator"))
        _refuse(indicator, channel is not Channel.INDICATORS, "indicator", "only the channel indicators takes an indicator")
        _refuse(timeframe, not traits.by_timeframe, "timeframe", f"the channel {channel} has no timeframes")
        default_source = (PRIMARY,) if traits.has_primary else (ANY,)
        return cls(
            channel,
            (ANY,) if action.symbol is None else _names(action.symbol),
            default_source if source is None else _names(source),
            _names(timeframe or "1m") if traits.by_timeframe else ("",),
            _variant(action, filters, () if indicator is None else _names(indicator), wire),
        )

    def matches(self, key: SeriesKey) -> bool:
        return (
            key.channel == self.channel
            and (key.symbol in self.symbols or self.symbols == (ANY,))
            and (key.timeframe in self.timeframes or self.timeframes == (ANY,))
            and (key.source in self.sources or (self.sources == (ANY,) and key.source != PRIMARY))
        )

    def overlaps(self, other: "Selector") -> bool:
        """True if one series may be in both."""
        return self.channel == other.channel and all(map(_meet, self[1:4], other[1:4]))

    @property
    def weight(self) -> int:
        """How many series it names; what counts against the limit of a connection."""
        return len(self.symbols) * len(self.sources) * len(self.timeframes)

    @property
    def any_symbol(self) -> bool:
        return self.symbols == (ANY,)

    @property
    def is_exact(self) -> bool:
        return ANY not in self.symbols + self.sources + self.timeframes

    def exact_keys(self) -> Iterator[SeriesKey]:
        """The series that it names without a wildcard; they get a snapshot even if nothing is known of them yet."""
        for symbol, source, timeframe in product(self.symbols, self.sources, self.timeframes):
            if ANY not in (symbol, source, timeframe):
                yield SeriesKey(self.channel, symbol, source, timeframe)

    def describe(self) -> dict[str, Any]:
        """As in a client's subscribe message, with the defaults filled in."""
        body: dict[str, Any] = {"channel": self.channel, "symbol": _plain(self.symbols)}
        body["source"] = None if self.sources == (PRIMARY,) else _plain(self.sources)
        if TRAITS[self.channel].by_timeframe:
            body["timeframe"] = _plain(self.timeframes)
        if self.channel is Channel.INDICATORS:
            body["indicator"] = _plain(self.variant.indicators) if self.variant.indicators else ANY
        return body | _described(self.variant)


def _meet(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return (ANY,) in (some, others) or not set(some).isdisjoint(others)


def _described(variant: Variant) -> dict[str, Any]:
    filters: dict[str, Any] = {"kind": variant.kind} if variant.kind else {}
    if variant.min_volume is not None:
        filters["min_volume"] = str(variant.min_volume)
    if variant.quality_threshold:
        filters["quality_threshold"] = variant.quality_threshold
    body: dict[str, Any] = {"filters": filters} if filters else {}
    if variant.max_per_s:
        body["max_per_s"] = variant.max_per_s
    return body | {"numbers": "string" if variant.strings else "json"}


def _variant(action: Selection, filters: Filters, indicators: tuple[str, ...], wire: Wire) -> Variant:
    channel = action.channel
    _refuse(filters.kind, channel is not Channel.TICKS, "filters.kind", "only the channel ticks has kinds")
    _refuse(filters.min_volume, channel not in WITH_VOLUME, "filters.min_volume", f"the channel {channel} has no volume")
    _refuse(
        filters.quality_threshold, channel not in WITH_QUALITY, "filters.quality_threshold", f"messages of {channel} say nothing of quality"
    )
    _refuse(action.max_per_s, channel not in WITH_PACE, "max_per_s", f"every message of {channel} counts, so they cannot be thinned")
    return Variant(
        action.numbers == "string" or wire.is_binary,  # MessagePack has no numbers that keep a venue's digits
        () if ANY in indicators else indicators,
        filters.kind or "",
        filters.min_volume,
        filters.quality_threshold or 0.0,
        action.max_per_s or 0.0,
        wire,
    )


def _refuse(value: object, if_so: bool, field: str, sentence: str) -> None:
    if value is not None and if_so:
        raise BadMessage("invalid_field", sentence, field)


def _one_of(action: Selection, filters: Filters, name: str) -> Names | None:
    """A field that may stand beside the filters or in them."""
    beside, within = getattr(action, name), getattr(filters, name)
    if beside is not None and within is not None and _names(beside) != _names(within):
        raise BadMessage("invalid_field", f"{name} is given twice, and differently", f"filters.{name}")
    found: Names | None = within if beside is None else beside
    return found


def _names(given: Names) -> tuple[str, ...]:
    """Sorted and without repeats, so that the order in which a client lists them does not matter."""
    names = {given} if isinstance(given, str) else set(given)
    return (ANY,) if ANY in names else tuple(sorted(names))


def _plain(names: tuple[str, ...]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)
