"""Which series a subscription takes. A value: equal selections are one subscription."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from gateway.protocol import BadMessage, Names, Subscribe, Unsubscribe
from gateway.series import PRIMARY, Channel, SeriesKey
from gateway.shapes import Variant

ANY = "*"


class Selector(NamedTuple):
    """Each of symbols, sources, timeframes: names, or ("*",). sources ("",): the primary. Ticks have timeframes ("",)."""

    channel: Channel
    symbols: tuple[str, ...]
    sources: tuple[str, ...]
    timeframes: tuple[str, ...]
    variant: Variant

    @classmethod
    def of(cls, action: Subscribe | Unsubscribe) -> "Selector":
        """Raises BadMessage where a filter makes no sense on the channel."""
        if action.indicator is not None and action.channel is not Channel.INDICATORS:
            raise BadMessage("invalid_field", "only the channel indicators takes an indicator", "indicator")
        indicators = () if action.indicator is None else _names(action.indicator)
        return cls(
            action.channel,
            _names(action.symbol),
            (PRIMARY,) if action.source is None else _names(action.source),
            ("",) if action.channel is Channel.TICKS else _names(action.timeframe),
            Variant(action.numbers == "string", () if ANY in indicators else indicators),
        )

    def matches(self, key: SeriesKey) -> bool:
        return (
            key.channel == self.channel
            and (key.symbol in self.symbols or self.symbols == (ANY,))
            and (key.timeframe in self.timeframes or self.timeframes == (ANY,))
            and (key.source in self.sources or (self.sources == (ANY,) and key.source != PRIMARY))
        )

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
        if self.channel is not Channel.TICKS:
            body["timeframe"] = _plain(self.timeframes)
        if self.channel is Channel.INDICATORS:
            body["indicator"] = _plain(self.variant.indicators) if self.variant.indicators else ANY
        return body | {"numbers": "string" if self.variant.strings else "json"}


def _names(given: Names) -> tuple[str, ...]:
    """Sorted and without repeats, so that the order in which a client lists them does not matter."""
    names = {given} if isinstance(given, str) else set(given)
    return (ANY,) if ANY in names else tuple(sorted(names))


def _plain(names: tuple[str, ...]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)
