"""Names and lifetimes of the keys. The symbol is canonical, so `quote:BTC-USDT`; only the primary source of a symbol is kept here."""

from typing import Literal

from schemas.timeframes import DAY_NS, FIXED_NS, SECOND_NS, Timeframe

SeriesKind = Literal["bar", "indicators", "signal"]

MINIMUM_SERIES_TTL_S = 300
# The guard outlives the value: else a replay of old data could bring an old price back once the value has expired.
MINIMUM_GUARD_TTL_S = 86_400
_LONGEST_MONTH_NS = 31 * DAY_NS


def quote_key(symbol: str) -> str:
    """Last trade and last best bid and ask."""
    return f"quote:{symbol}"


def series_key(kind: SeriesKind, symbol: str, timeframe: str) -> str:
    """The newest closed bar, its indicators or its signal."""
    return f"{kind}:{symbol}:{timeframe}"


def guard_key(key: str) -> str:
    """What is remembered of a key's newest writes. The braces put both on one slot of a Redis cluster."""
    return f"guard:{{{key}}}"


def series_ttl_s(timeframe: str) -> int:
    """Two timeframes, so that the value of a live series never expires between two bars, and at least five minutes."""
    try:
        length_ns = FIXED_NS.get(Timeframe(timeframe), _LONGEST_MONTH_NS)
    except ValueError:
        length_ns = 0
    return max(MINIMUM_SERIES_TTL_S, 2 * length_ns // SECOND_NS)


def guard_ttl_s(ttl_s: int) -> int:
    """Seconds after the last write until the guard forgets."""
    return max(MINIMUM_GUARD_TTL_S, 2 * ttl_s)
