"""Bars of a range from all stored trades, held against the stored bars. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import NamedTuple

from msgspec import structs

from processors.bars.exact import EXACT
from processors.bars.fold import Fold
from processors.bars.open_bar import Label, OpenBar
from schemas.bars import Bar
from schemas.reasons import Reason
from schemas.sessions import Calendar, Interval, bar_interval
from schemas.ticks import Trade
from schemas.timeframes import MINUTE_NS, Timeframe, interval_of
from tickerplant.verify.rows import BarRow, TickRow

_NUMBERS = ("open_price", "high_price", "low_price", "close_price", "volume", "quote_volume", "trade_count")


class Asked(NamedTuple):
    """What to rebuild: bars that overlap from_ns to before to_ns. reach_ns: bars that end after it may still be corrected by the stream."""

    symbol: str
    source: str
    from_ns: int
    to_ns: int
    reach_ns: int


@dataclass
class Found:
    """changed: new revisions, shortest timeframe first, by time. waiting: bars that are still the stream's. cut: bars of which stored ticks are missing."""

    changed: list[Bar] = field(default_factory=list)
    waiting: list[tuple[Timeframe, Interval]] = field(default_factory=list)
    cut: list[tuple[Timeframe, Interval]] = field(default_factory=list)
    compared: int = 0


def intervals(asked: Asked, timeframe: Timeframe, calendar: Calendar) -> Iterator[Interval]:
    """The bars of a timeframe that overlap the range."""
    at_ns: int | None = asked.from_ns
    while at_ns is not None and at_ns < asked.to_ns:
        interval = bar_interval(calendar, timeframe, at_ns)
        if interval is None:
            at_ns = calendar.next_open_ns(at_ns)
            continue
        yield interval
        at_ns = interval[1]


def trade_of(row: TickRow, symbol: str) -> Trade:
    """A stored trade as the stage read it."""
    assert row.price is not None
    assert row.volume is not None
    price, size, seq = format(row.price, "f"), format(row.volume, "f"), row.seq
    return Trade(
        symbol,
        price,
        size,
        row.ts_event_ns,
        row.ts_ingest_ns,
        row.trade_id or "",
        "",
        row.filled,
        seq,
        row.quality_score,
        tuple(row.reasons),
    )


def minutes_of(trades: Iterable[Trade]) -> dict[int, OpenBar]:
    """By start. Trades in any order."""
    minutes: dict[int, OpenBar] = {}
    with localcontext(EXACT):
        for trade in trades:
            price, size = Decimal(trade.price), Decimal(trade.size)
            opens = trade.ts_event_ns - trade.ts_event_ns % MINUTE_NS
            if opens in minutes:
                minutes[opens].fold.add(trade, price, size)
            else:
                minutes[opens] = OpenBar(*interval_of(Timeframe.M1, opens), Fold.of(trade, price, size))
    return minutes


class Rebuild:
    """One series. first_ns: event time of its first trade. known_at_ns: the job's time, from which on the new revisions may be used."""

    def __init__(self, asked: Asked, calendar: Calendar, first_ns: int, known_at_ns: int) -> None:
        self._asked = asked
        self._calendar = calendar
        self._first_ns = first_ns
        self._known_at_ns = known_at_ns
        self.found = Found()

    def needed(self, timeframes: Sequence[Timeframe]) -> Interval:
        """Between which event times all trades must be given to `compare`; notes what waits for the stream."""
        lowest, highest = self._asked.from_ns, self._asked.from_ns
        for timeframe in timeframes:
            for interval in intervals(self._asked, timeframe, self._calendar):
                if interval[1] > self._asked.reach_ns:
                    self.found.waiting.append((timeframe, interval))
                else:
                    lowest, highest = min(lowest, interval[0]), max(highest, interval[1])
        return lowest, highest

    def compare(self, timeframe: Timeframe, minutes: Mapping[int, OpenBar], stored: Mapping[int, BarRow]) -> None:
        """stored: by ts_open_ns."""
        for interval in intervals(self._asked, timeframe, self._calendar):
            if interval[1] <= self._asked.reach_ns:
                self._compare(timeframe, interval, minutes, stored.get(interval[0]))

    def _compare(self, timeframe: Timeframe, interval: Interval, minutes: Mapping[int, OpenBar], stored: BarRow | None) -> None:
        inside = [minutes[opens] for opens in range(interval[0] - interval[0] % MINUTE_NS, interval[1], MINUTE_NS) if opens in minutes]
        self.found.compared += 1
        if sum(minute.fold.count for minute in inside) < (stored.trade_count if stored else 0):
            self.found.cut.append((timeframe, interval))
        elif inside:
            bar = self._bar(timeframe, interval, inside, stored)
            if stored is None or _differs(bar, stored):
                self.found.changed.append(bar)

    def _bar(self, timeframe: Timeframe, interval: Interval, inside: Sequence[OpenBar], stored: BarRow | None) -> Bar:
        with localcontext(EXACT):
            whole = inside[0] if timeframe is Timeframe.M1 else _joined(interval, inside)
            whole.revision = stored.revision + 1 if stored else 0
            reign = (stored.is_primary, stored.primary_epoch) if stored else (True, 0)
            label = Label(self._asked.symbol, self._asked.source, timeframe.value, *reign)
            bar = whole.event(label, self._first_ns, self._known_at_ns)
        return structs.replace(bar, reasons=tuple(sorted({*bar.reasons, Reason.REBUILT.value})))


def _joined(interval: Interval, inside: Sequence[OpenBar]) -> OpenBar:
    first, *rest = inside
    whole = OpenBar.from_minute(*interval, first)
    for minute in rest:
        whole.take_minute(minute)
    return whole


def _differs(bar: Bar, stored: BarRow) -> bool:
    ours: tuple[str | int, ...] = (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume, bar.trade_count)
    return any(Decimal(number) != getattr(stored, name) for number, name in zip(ours, _NUMBERS, strict=True))
