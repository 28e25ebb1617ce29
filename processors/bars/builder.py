"""Builds the bars of a series (one symbol at one source): folds, closes, rolls up, corrects. Knows no record and no clock.

Two times rule. The event time of a trade says which interval it belongs to. The watermark of the series (the largest event time of its trades, and
of its source's watermark records) says what is over: an interval closes when the watermark has reached its end plus the grace. Both are in the
log, so the same log gives the same bars, however it is cut into envelopes and whenever it is read.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from processors.bars.fold import Fold
from processors.bars.open_bar import Label, OpenBar
from processors.bars.timeline import NEVER_NS, Timeline
from schemas.bars import Bar
from schemas.ticks import Trade
from schemas.timeframes import MINUTE_NS, Timeframe, interval_of

HISTORY_BARS = 64  # closed 1m bars that a late trade may correct; an hour of trading, far beyond what a reconnect takes to fill


class BarSeries(Struct, array_like=True):
    """State of one series. minutes: its 1m bars; longer: the others by timeframe.

    watermark_ns: see above; born_ns: the source's watermark when the series began. A source's watermark counts for a series once it has grown after that:
    a symbol that begins to trade late, in its own time, first gets bars from its trades.
    next_close_ns: at this watermark the next bar closes.
    """

    symbol: str
    source: str
    minutes: Timeline
    longer: dict[Timeframe, Timeline]
    born_ns: int = 0
    watermark_ns: int = 0
    next_close_ns: int = NEVER_NS


class BarBuilder:
    """Rules for all series: timeframes (1m is always built) and grace. `emitted` collects bars in the order they closed or changed."""

    def __init__(self, timeframes: Sequence[Timeframe], grace_ns: int) -> None:
        self._longer = [timeframe for timeframe in Timeframe if timeframe in timeframes and timeframe is not Timeframe.M1]
        self._grace_ns = grace_ns
        self.emitted: list[Bar] = []

    def new_series(self, symbol: str, source: str, source_watermark_ns: int) -> BarSeries:
        return BarSeries(symbol, source, Timeline(), {timeframe: Timeline() for timeframe in self._longer}, source_watermark_ns)

    def adopt(self, series: BarSeries) -> None:
        """Fits a stored series to the configured timeframes: one that was added begins now, one that was removed ends."""
        series.longer = {timeframe: series.longer.get(timeframe) or Timeline() for timeframe in self._longer}
        self._plan_next_close(series)

    def take(self, series: BarSeries, trade: Trade, price: Decimal, size: Decimal, source_watermark_ns: int) -> bool:
        """One trade, price and size being its own as numbers. False if it is behind the history: then nothing changed."""
        ts_event_ns = trade.ts_event_ns
        bar = series.minutes.open.get(ts_event_ns - ts_event_ns % MINUTE_NS)
        if bar is not None:
            bar.fold.add(trade, price, size)
        else:
            if source_watermark_ns > series.born_ns:
                series.watermark_ns = max(series.watermark_ns, source_watermark_ns)
            if not self._take_outside(series, trade, price, size):
                return False
        if ts_event_ns > series.watermark_ns:
            series.watermark_ns = ts_event_ns
        if series.watermark_ns >= series.next_close_ns:
            self._close(series, trade.ts_ingest_ns)
        return True

    def advance(self, series: BarSeries, source_watermark_ns: int, known_at_ns: int) -> bool:
        """The source's watermark has grown. True if the series changed: below its next close there is nothing to do and nothing to store."""
        if source_watermark_ns < series.next_close_ns:
            return False
        series.watermark_ns = max(series.watermark_ns, source_watermark_ns)
        self._close(series, known_at_ns)
        return True

    def _take_outside(self, series: BarSeries, trade: Trade, price: Decimal, size: Decimal) -> bool:
        """A trade whose 1m bar is not open: it begins one, or corrects a closed one, or is too old."""
        minutes = series.minutes
        ts_open_ns, ts_close_ns = interval_of(Timeframe.M1, trade.ts_event_ns)
        if len(minutes.closed) == HISTORY_BARS and ts_open_ns < minutes.closed[0].ts_open_ns:
            return False
        minute = minutes.closed_bar(ts_open_ns)
        if minute is not None:
            self._correct(series, minute, trade, price, size)
            return True
        minutes.open[ts_open_ns] = OpenBar(ts_open_ns, ts_close_ns, Fold.of(trade, price, size))
        series.next_close_ns = min(series.next_close_ns, ts_close_ns + self._grace_ns)
        return True

    def _correct(self, series: BarSeries, minute: OpenBar, trade: Trade, price: Decimal, size: Decimal) -> None:
        """Puts a late trade into a closed 1m bar and into every longer bar over it; those that are closed are emitted again."""
        before = minute.score_units()
        minute.fold.add(trade, price, size)
        change = minute.score_units() - before
        self._revise(series, Timeframe.M1, minute, trade)
        for timeframe, timeline in series.longer.items():
            ts_open_ns, _ = interval_of(timeframe, trade.ts_event_ns)
            closed = timeline.closed_bar(ts_open_ns)
            bar = closed or timeline.open.get(ts_open_ns)
            if bar is None:
                continue  # the timeframe was configured after that minute
            bar.fold.add(trade, price, size)
            bar.score_sum += change
            self._revise(series, timeframe, closed, trade)

    def _revise(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar | None, trade: Trade) -> None:
        """A closed bar (None: it is still open) took a late trade, which may also be the series' new first one."""
        timeline = _timeline(series, timeframe)
        former_first = timeline.move_first(trade.ts_event_ns)
        for changed in filter(None, (bar, former_first)):
            self._emit_again(series, timeframe, changed, trade.ts_ingest_ns)

    def _close(self, series: BarSeries, known_at_ns: int) -> None:
        """Closes all that is due: 1m bars first, each into its longer bars, then those."""
        until_ns = series.watermark_ns - self._grace_ns
        for minute in series.minutes.pop_due(until_ns):
            former_first = series.minutes.move_first(minute.fold.first_ns)
            self._finish(series, Timeframe.M1, minute, known_at_ns)
            if former_first:
                self._emit_again(series, Timeframe.M1, former_first, known_at_ns)
            for timeframe in series.longer:
                self._roll_up(series, timeframe, minute, known_at_ns)
        for timeframe, timeline in series.longer.items():
            for bar in timeline.pop_due(until_ns):
                self._finish(series, timeframe, bar, known_at_ns)
        _forget(series)
        self._plan_next_close(series)

    def _roll_up(self, series: BarSeries, timeframe: Timeframe, minute: OpenBar, known_at_ns: int) -> None:
        timeline = series.longer[timeframe]
        ts_open_ns, ts_close_ns = interval_of(timeframe, minute.ts_open_ns)
        former_first = timeline.move_first(minute.fold.first_ns)
        closed = timeline.closed_bar(ts_open_ns)
        bar = closed or timeline.open.get(ts_open_ns)
        if bar is None:
            timeline.open[ts_open_ns] = OpenBar.from_minute(ts_open_ns, ts_close_ns, minute)
        else:
            bar.take_minute(minute)
        for changed in filter(None, (closed, former_first)):
            self._emit_again(series, timeframe, changed, known_at_ns)

    def _finish(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar, known_at_ns: int) -> None:
        _timeline(series, timeframe).keep_closed(bar)
        self._emit(series, timeframe, bar, known_at_ns)

    def _emit_again(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar, known_at_ns: int) -> None:
        bar.revision += 1
        self._emit(series, timeframe, bar, known_at_ns)

    def _emit(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar, known_at_ns: int) -> None:
        label = Label(series.symbol, series.source, timeframe.value)
        self.emitted.append(bar.event(label, _timeline(series, timeframe).first_ns, known_at_ns))

    def _plan_next_close(self, series: BarSeries) -> None:
        ends_ns = [series.minutes.next_close_ns(), *(timeline.next_close_ns() for timeline in series.longer.values())]
        series.next_close_ns = min(min(ends_ns) + self._grace_ns, NEVER_NS)


def _timeline(series: BarSeries, timeframe: Timeframe) -> Timeline:
    return series.minutes if timeframe is Timeframe.M1 else series.longer[timeframe]


def _forget(series: BarSeries) -> None:
    """Keeps the last HISTORY_BARS closed 1m bars, and of the longer ones those that a trade of these minutes could still reach."""
    minutes = series.minutes.closed
    del minutes[:-HISTORY_BARS]
    if len(minutes) < HISTORY_BARS:
        return
    for timeline in series.longer.values():
        while timeline.closed and timeline.closed[0].ts_close_ns <= minutes[0].ts_open_ns:
            del timeline.closed[0]
