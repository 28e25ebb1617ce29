"""What is kept in Redis, as data: the one table of keys and lifetimes. docs/reference/cache.md is made from it."""

from dataclasses import dataclass
from typing import Literal

from schemas.timeframes import DAY_NS, FIXED_NS, SECOND_NS, Timeframe

SINK = "sink-redis"
SERVICES = "services"

MINIMUM_SERIES_LIFETIME_S = 300
MINIMUM_FORMING_LIFETIME_S = 60
_LONGEST_MONTH_NS = 31 * DAY_NS

Lifetime = Literal["fixed", "series", "forming"]


@dataclass(frozen=True, slots=True)
class Kind:
    """key: begins the key, the values of `parts` follow, with colons between. lifetime: `fixed` seconds, or by the timeframe.

    written_by: SINK from Kafka, or SERVICES by cache.Cache.set. is_wrapped: kept with the time of its data, as {"ts_event_ns": ..., "value": ...}.
    of_symbol: its first part is a symbol, so that a symbol can be invalidated.
    """

    name: str
    key: str
    parts: tuple[str, ...]
    lifetime_s: int
    holds: str
    written_by: str = SERVICES
    lifetime: Lifetime = "fixed"

    @property
    def is_wrapped(self) -> bool:
        return self.written_by == SERVICES or self.name == "movers"

    @property
    def of_symbol(self) -> bool:
        return "symbol" in self.parts


_SERIES = ("symbol", "timeframe")
_ALL = (
    Kind("quote", "quote", ("symbol",), 60, "last trade and last best bid and ask", SINK),
    Kind("bar", "bar", _SERIES, MINIMUM_SERIES_LIFETIME_S, "the newest closed bar", SINK, "series"),
    Kind("forming", "forming", _SERIES, MINIMUM_FORMING_LIFETIME_S, "the bar that is still open, as it stands", SINK, "forming"),
    Kind("indicators", "indicators", _SERIES, MINIMUM_SERIES_LIFETIME_S, "the newest indicator record", SINK, "series"),
    Kind("signal", "signal", _SERIES, MINIMUM_SERIES_LIFETIME_S, "the newest signal", SINK, "series"),
    Kind("historical", "historical", ("symbol", "period", "interval"), 3600, "bars of a period, as an answer to a request"),
    Kind("profile", "profile", ("symbol",), 1800, "what a company or asset is"),
    Kind("news", "news", ("symbol", "limit"), 900, "the newest articles about a symbol"),
    Kind("indices", "market:indices", (), 120, "market indices"),
    Kind("sentiment", "market:sentiment", (), 300, "mood of the market"),
    Kind("sectors", "market:sectors", (), 300, "performance by sector"),
    Kind(
        "movers", "market:movers", ("side",), 300, "symbols with the largest change since the last daily bar; side: gainers or losers", SINK
    ),
    Kind("search", "search", ("query", "limit"), 300, "symbols that a text finds"),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}


def lifetime_s(kind: Kind, timeframe: str) -> int:
    """Seconds after the last write. A series: two timeframes, so that a live one never expires between two bars. A forming bar: one, so that it is gone
    soon after its interval. A text that is no timeframe has the kind's least."""
    if kind.lifetime == "fixed":
        return kind.lifetime_s
    bars = 2 if kind.lifetime == "series" else 1
    return max(kind.lifetime_s, bars * _length_ns(timeframe) // SECOND_NS)


def _length_ns(timeframe: str) -> int:
    try:
        return FIXED_NS.get(Timeframe(timeframe), _LONGEST_MONTH_NS)
    except ValueError:
        return 0
