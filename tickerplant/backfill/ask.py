"""What a backfill asks for, cut into windows: each is fetched whole, sent, and noted, before the next begins."""

from dataclasses import dataclass
from typing import Literal

from schemas.timeframes import DAY_NS, FIXED_NS, HOUR_NS, Timeframe, interval_of

Kind = Literal["trades", "bars"]
TRADES: Literal["trades"] = "trades"  # in place of a timeframe
_MINUTES_WINDOW_NS, _BARS_WINDOW_NS = 30 * DAY_NS, 3_650 * DAY_NS  # some 43,000 bars of 1m; some 88,000 of 1h


@dataclass(frozen=True, slots=True)
class Window:
    """from_ns <= event time, of a bar its beginning, < to_ns."""

    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Ask:
    """timeframe: None for trades. source: that the events get. symbols: canonical, in order of their names."""

    provider: str
    source: str
    symbols: tuple[str, ...]
    timeframe: Timeframe | None
    span: Window

    @property
    def kind(self) -> Kind:
        return TRADES if self.timeframe is None else "bars"

    @property
    def what(self) -> str:
        """`trades`, or the bars' timeframe."""
        return TRADES if self.timeframe is None else self.timeframe.value

    def windows(self) -> list[Window]:
        """Ascending. They begin at the same times whatever range is asked for, so that ranges that overlap share them."""
        found, begins_ns = list[Window](), self.span.from_ns
        while begins_ns < self.span.to_ns:
            ends_ns = min(begins_ns - begins_ns % self._length_ns() + self._length_ns(), self.span.to_ns)
            found.append(Window(begins_ns, ends_ns))
            begins_ns = ends_ns
        return found

    def _length_ns(self) -> int:
        if self.timeframe is None:
            return DAY_NS
        return _MINUTES_WINDOW_NS if FIXED_NS.get(self.timeframe, DAY_NS) < HOUR_NS else _BARS_WINDOW_NS


def whole_bars(timeframe: Timeframe | None, span: Window) -> Window:
    """Without a bar at the end that is not over."""
    return span if timeframe is None else Window(span.from_ns, interval_of(timeframe, span.to_ns)[0])
