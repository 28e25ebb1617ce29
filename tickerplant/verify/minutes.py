"""Trades of one series gathered by minute, in exact arithmetic. Minutes are all that a bar of any length needs."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from fractions import Fraction

from tickerplant.verify.intervals import MINUTE_NS, interval, minute_of
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.rows import TickRow

EXACT = Context(prec=200, traps=[Inexact])  # sums must be exact: raises rather than round


@dataclass(slots=True)
class Span:
    """What the trades of a span of time amount to. first and last: (event time, seq) of the trades that give open and close."""

    first: tuple[int, int]
    last: tuple[int, int]
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    trade_count: int
    quality_sum: Fraction
    reasons: set[str]
    known_ns: int  # the newest receipt of a trade in it

    @classmethod
    def of(cls, trade: TickRow) -> "Span":
        """The span of a single trade."""
        price, volume = trade.price or Decimal(0), trade.volume or Decimal(0)
        place = (trade.ts_event_ns, trade.seq)
        worth = EXACT.multiply(price, volume)
        score = Fraction(trade.quality_score)
        return cls(place, place, price, price, price, price, volume, worth, 1, score, set(trade.reasons), trade.ts_ingest_ns)

    def merge(self, other: "Span") -> None:
        """Adds another span's trades."""
        if other.first < self.first:
            self.first, self.open = other.first, other.open
        if other.last > self.last:
            self.last, self.close = other.last, other.close
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.volume = EXACT.add(self.volume, other.volume)
        self.quote_volume = EXACT.add(self.quote_volume, other.quote_volume)
        self.trade_count += other.trade_count
        self.quality_sum += other.quality_sum
        self.reasons |= other.reasons
        self.known_ns = max(self.known_ns, other.known_ns)

    @property
    def score(self) -> Fraction:
        """Mean quality of the trades."""
        return self.quality_sum / self.trade_count


@dataclass(slots=True)
class Minutes:
    """All minutes of a series, from its trades in the order of seq.

    late: (timeframe, open) of intervals that surely had closed with a bar when a trade of theirs came: such a bar is a correction.
    undecided: minutes with a trade that came so late that the stream may or may not have kept the bar; the tables do not tell.
    behind_history: trades that surely came too late for any bar. first_trade_ns: event time of the series' earliest trade in a bar, -1 before it;
    from_beginning: that trade is known, because nothing was cut from the tables. has_synthetic: silent minutes have bars, which are kept in place of others.
    """

    parameters: Parameters
    spans: dict[int, Span] = field(default_factory=dict)
    first_trade_ns: int = -1
    newest_ns: int = -1
    late: set[tuple[str, int]] = field(default_factory=set)
    undecided: set[int] = field(default_factory=set)
    behind_history: int = 0
    from_beginning: bool = True
    has_synthetic: bool = False
    _order: list[int] = field(default_factory=list)  # keys of spans, ascending

    def add(self, trade: TickRow) -> None:
        """The next trade of the series."""
        minute = minute_of(trade.ts_event_ns)
        if not self._has_closed(minute + MINUTE_NS) or self._is_kept(minute):
            self._fold(minute, trade)
        self.newest_ns = max(self.newest_ns, trade.ts_event_ns)

    def _fold(self, minute: int, trade: TickRow) -> None:
        if self._has_closed(minute + MINUTE_NS):
            self._mark_late(minute)
        self.first_trade_ns = trade.ts_event_ns if self.first_trade_ns < 0 else min(self.first_trade_ns, trade.ts_event_ns)
        span = Span.of(trade)
        if minute in self.spans:
            self.spans[minute].merge(span)
        else:
            self.spans[minute] = span
            insort(self._order, minute)

    def _has_closed(self, close_ns: int) -> bool:
        """Surely, by the trades alone; the source's watermarks may have closed it before."""
        return close_ns + self.parameters.grace_ns <= self.newest_ns

    def _is_kept(self, minute: int) -> bool:
        if self.has_synthetic and self.newest_ns - minute > (self.parameters.history_bars - 2) * MINUTE_NS:
            self.undecided.add(minute)
            return True
        newer = bisect_right(self._order, minute)
        if len(self._order) - newer < self.parameters.history_bars:
            return True
        if self._has_closed(self._order[newer + self.parameters.history_bars - 1] + MINUTE_NS):
            self.behind_history += 1
            return False
        self.undecided.add(minute)
        return True

    def _mark_late(self, minute: int) -> None:
        for timeframe in self.parameters.timeframes:
            opens, closes = interval(timeframe, minute)
            if self._has_closed(closes) and any(other in self.spans for other in range(opens, closes, MINUTE_NS)):
                self.late.add((timeframe, opens))

    def by_interval(self, timeframe: str) -> Iterable[tuple[int, int, list[int]]]:
        """(open, close, minutes inside) of every interval that holds trades, by open time."""
        found: dict[tuple[int, int], list[int]] = {}
        for minute in self._order:
            found.setdefault(interval(timeframe, minute), []).append(minute)
        return [(opens, closes, minutes) for (opens, closes), minutes in sorted(found.items())]
