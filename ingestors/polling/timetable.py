"""When to ask for what. Pure: times are ns since 1970 UTC."""

from collections.abc import Collection
from dataclasses import dataclass, field

from ingestors.backoff import Backoff
from ingestors.polling.rows import interval
from ingestors.polling.sent_bars import OVERLAP_BARS
from schemas.sessions import calendar_of
from schemas.symbols import AssetClass, asset_class_of
from schemas.timeframes import DAY_NS, FIXED_NS, Timeframe

AGAIN_S, AGAIN_CAP_S = 1.0, 300.0  # after a failure
_STRETCH: dict[AssetClass, tuple[int, int]] = {
    "crypto": (1, 1),
    "fx": (2, 2),
    "equity": (6, 2),
    "index": (6, 2),
}  # of time to open time: within a day, of days
_FIRST_NS = 5 * DAY_NS  # a long weekend, and a session before it


@dataclass(eq=False)
class Job:
    """symbols: of one question. timeframe: of bars, which are asked for one symbol at a time; None: ticks. due_ns: when it is asked. split: one of its symbols
    spoils the question for all: they are to be asked for one by one."""

    symbols: tuple[str, ...]
    timeframe: Timeframe | None
    due_ns: int
    split: bool = False
    backoff: Backoff = field(default_factory=lambda: Backoff(AGAIN_S, AGAIN_CAP_S))


def open_symbols(symbols: Collection[str], now_ns: int) -> list[str]:
    """Those whose market is open."""
    return [symbol for symbol in symbols if calendar_of(asset_class_of(symbol)).is_open(now_ns)]


def next_ticks_ns(symbols: Collection[str], now_ns: int, interval_ns: int) -> int:
    """After an answer: an interval later, or at the next opening."""
    opens = [calendar_of(asset_class_of(symbol)).next_open_ns(now_ns + interval_ns) for symbol in symbols]
    return min((at_ns for at_ns in opens if at_ns is not None), default=now_ns + DAY_NS)


def next_bar_ns(symbol: str, timeframe: Timeframe, now_ns: int, delay_ns: int) -> int:
    """When the bar that is open now, or opens next, will have been closed for delay_ns. After the present."""
    opens_ns = calendar_of(asset_class_of(symbol)).next_open_ns(now_ns - delay_ns)
    if opens_ns is None:
        return now_ns + DAY_NS
    return max(interval(symbol, timeframe, opens_ns)[1] + delay_ns, now_ns + 1)


def bars_from_ns(
    symbol: str, timeframe: Timeframe, newest_open_ns: int | None, now_ns: int, first_bars: int, lookback_ns: int | None
) -> int:
    """Where a question for bars begins. newest_open_ns: of the newest published one, None: there is none."""
    length_ns = FIXED_NS.get(timeframe, 31 * DAY_NS)
    if newest_open_ns is not None:
        from_ns = newest_open_ns - OVERLAP_BARS * length_ns
    else:
        from_ns = now_ns - _stretch_ns(symbol, timeframe, first_bars)
    return max(0, from_ns, 0 if lookback_ns is None else now_ns - lookback_ns)


def deeper_from_ns(symbol: str, timeframe: Timeframe, newest_open_ns: int, now_ns: int, bars: int, lookback_ns: int | None) -> int:
    """Where a question for so many bars up to the newest published one begins."""
    return max(0, newest_open_ns - _stretch_ns(symbol, timeframe, bars), 0 if lookback_ns is None else now_ns - lookback_ns)


def _stretch_ns(symbol: str, timeframe: Timeframe, bars: int) -> int:
    """A time that holds so many bars, with the hours and days in which the market is closed."""
    length_ns = FIXED_NS.get(timeframe, 31 * DAY_NS)
    within, days = _STRETCH[asset_class_of(symbol)]
    closed_ns = _FIRST_NS if days > 1 and length_ns >= DAY_NS else 0  # of few days a holiday would take one
    return max(bars * length_ns * (within if length_ns < DAY_NS else days) + closed_ns, _FIRST_NS)
