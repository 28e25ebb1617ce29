"""Builds the bars of a series (one symbol at one source): folds, closes, rolls up, corrects. Knows no record and no clock.

Two times rule. The event time of a trade says which interval it belongs to. The watermark of the series (the largest event time of its trades, and
of its source's watermark records) says what is over: an interval closes when the watermark has reached its end plus the grace. Both are in the
log, so the same log gives the same bars, however it is cut into envelopes and whenever it is read. What is said of trades holds for the quotes of a
market that is quoted only.
"""

from collections.abc import Sequence
from decimal import Decimal

from processors.bars.emission import Emission
from processors.bars.fold import NEVER_NS, Fold
from processors.bars.open_bar import OpenBar
from processors.bars.policy import Policies
from processors.bars.reigns import begin, boundary_ns
from processors.bars.series import HISTORY_BARS, BarSeries
from processors.bars.synthetic import next_empty
from processors.bars.timeline import Timeline
from schemas.sessions import bar_interval
from schemas.ticks import NewPrimary, Quote, Trade
from schemas.timeframes import MINUTE_NS, Timeframe, interval_of


class BarBuilder(Emission):
    """Rules for all series: timeframes (1m is always built), grace, policies, how many closed 1m bars a late trade may correct."""

    def __init__(
        self, timeframes: Sequence[Timeframe], grace_ns: int, policies: Policies | None = None, history_bars: int = HISTORY_BARS
    ) -> None:
        super().__init__(Policies() if policies is None else policies)
        self._longer = [timeframe for timeframe in Timeframe if timeframe in timeframes and timeframe is not Timeframe.M1]
        self._grace_ns = grace_ns
        self._history_bars = history_bars

    def new_series(self, symbol: str, source: str, source_watermark_ns: int) -> BarSeries:
        return BarSeries(symbol, source, Timeline(), {timeframe: Timeline() for timeframe in self._longer}, source_watermark_ns)

    def adopt(self, series: BarSeries) -> None:
        """Fits a stored series to the configured timeframes: one that was added begins now, one that was removed ends."""
        series.longer = {timeframe: series.longer.get(timeframe) or Timeline() for timeframe in self._longer}
        if series.minutes.kept >= HISTORY_BARS and not series.forgotten_ns:
            series.forgotten_ns = series.minutes.oldest().ts_open_ns  # stored before it was noted
        self._plan_next_close(series)

    def take(self, series: BarSeries, trade: Trade, price: Decimal, size: Decimal, source_watermark_ns: int) -> bool:
        """One trade, price and size being its own as numbers. False if it is behind the history: then nothing changed."""
        ts_event_ns = trade.ts_event_ns
        bar = series.minutes.open.get(ts_event_ns - ts_event_ns % MINUTE_NS)
        if bar is not None:
            bar.fold.add(trade, price, size)
        elif not self._take_outside(series, trade, Fold.of(trade, price, size), source_watermark_ns):
            return False
        if ts_event_ns > series.watermark_ns:
            series.watermark_ns = ts_event_ns
        if series.watermark_ns >= series.next_close_ns:
            self._close(series, trade.ts_ingest_ns)
        return True

    def take_quote(self, series: BarSeries, quote: Quote, bid: Decimal, ask: Decimal, source_watermark_ns: int) -> bool:
        """One quote of a market that is quoted only; as `take`."""
        fold = Fold.of_quote(quote, bid, ask)
        bar = series.minutes.open.get(quote.ts_event_ns - quote.ts_event_ns % MINUTE_NS)
        if bar is not None:
            bar.fold.merge(fold)
        elif not self._take_outside(series, quote, fold, source_watermark_ns):
            return False
        series.watermark_ns = max(series.watermark_ns, quote.ts_event_ns)
        if series.watermark_ns >= series.next_close_ns:
            self._close(series, quote.ts_ingest_ns)
        return True

    def advance(self, series: BarSeries, source_watermark_ns: int, known_at_ns: int) -> bool:
        """The source's watermark has grown. True if the series changed: below its next close there is nothing to do and nothing to store."""
        if source_watermark_ns < series.next_close_ns:
            return False
        series.watermark_ns = max(series.watermark_ns, source_watermark_ns)
        self._close(series, known_at_ns)
        return True

    def crown(self, series: BarSeries, former: BarSeries | None, change: NewPrimary, known_at_ns: int) -> None:
        """Its source is the symbol's primary one from now on: closed bars that count as such are told again. former: the source before it."""
        for timeframe in series.timeframes:
            from_ns = boundary_ns(former, timeframe)
            begin(series, timeframe, from_ns, True, change)
            for bar in series.timeline(timeframe).closed_from(from_ns):
                self._emit_again(series, timeframe, bar, known_at_ns)

    def depose(self, series: BarSeries, change: NewPrimary) -> None:
        """Its source is not the primary one any more; what it closed as such stays so."""
        for timeframe in series.timeframes:
            begin(series, timeframe, boundary_ns(series, timeframe), False, change)

    def _take_outside(self, series: BarSeries, tick: Trade | Quote, fold: Fold, source_watermark_ns: int) -> bool:
        """A trade whose 1m bar is not open: it begins one, or corrects a closed one, or is too old."""
        if source_watermark_ns > series.born_ns:
            series.watermark_ns = max(series.watermark_ns, source_watermark_ns)
        minutes = series.minutes
        ts_open_ns, ts_close_ns = interval_of(Timeframe.M1, tick.ts_event_ns)
        if ts_open_ns < series.forgotten_ns:
            return False
        minute = minutes.closed_bar(ts_open_ns)
        if minute is None:
            minutes.open[ts_open_ns] = OpenBar(ts_open_ns, ts_close_ns, fold)
            series.next_close_ns = min(series.next_close_ns, ts_close_ns + self._grace_ns)
        elif minute.is_empty:
            self._replace(series, minute, tick, fold)
        else:
            self._correct(series, minute, tick, fold)
        return True

    def _replace(self, series: BarSeries, minute: OpenBar, tick: Trade | Quote, fold: Fold) -> None:
        """The first trade of a synthetic 1m bar: to the longer bars it is a minute that closes now."""
        minute.take_fold(fold)
        self._revise(series, Timeframe.M1, minute, tick)
        for timeframe in series.longer:
            self._roll_up(series, timeframe, minute, tick.ts_ingest_ns)
        self._plan_next_close(series)

    def _correct(self, series: BarSeries, minute: OpenBar, tick: Trade | Quote, fold: Fold) -> None:
        """Puts a late trade into a closed 1m bar and into every longer bar over it; those that are closed are emitted again."""
        before = minute.score_units()
        minute.fold.merge(fold)
        change = minute.score_units() - before
        self._revise(series, Timeframe.M1, minute, tick)
        calendar = self._policies[series.symbol].calendar
        for timeframe, timeline in series.longer.items():
            interval = bar_interval(calendar, timeframe, tick.ts_event_ns)
            closed = timeline.closed_bar(interval[0]) if interval else None
            bar = closed or (timeline.open.get(interval[0]) if interval else None)
            if bar is None:
                continue  # out of session, or the timeframe was configured after that minute
            bar.fold.merge(fold)
            bar.score_sum += change
            self._revise(series, timeframe, closed, tick)

    def _revise(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar | None, tick: Trade | Quote) -> None:
        """A closed bar (None: it is still open) took a late trade, which may also be the series' new first one."""
        former_first = series.timeline(timeframe).move_first(tick.ts_event_ns)
        for changed in filter(None, (bar, former_first)):
            self._emit_again(series, timeframe, changed, tick.ts_ingest_ns)

    def _close(self, series: BarSeries, known_at_ns: int) -> None:
        """Closes all that is due: 1m bars first, each into its longer bars, then those."""
        until_ns = series.watermark_ns - self._grace_ns
        for minute in series.minutes.pop_due(until_ns):
            self._fill(series, Timeframe.M1, minute.ts_open_ns, known_at_ns)
            former_first = series.minutes.move_first(minute.fold.first_ns)
            self._finish(series, Timeframe.M1, minute, known_at_ns)
            if former_first:
                self._emit_again(series, Timeframe.M1, former_first, known_at_ns)
            for timeframe in series.longer:
                self._roll_up(series, timeframe, minute, known_at_ns)
        self._fill(series, Timeframe.M1, until_ns, known_at_ns)
        for timeframe, timeline in series.longer.items():
            for bar in timeline.pop_due(until_ns):
                self._fill(series, timeframe, bar.ts_open_ns, known_at_ns)
                self._finish(series, timeframe, bar, known_at_ns)
            self._fill(series, timeframe, until_ns, known_at_ns)
        series.forget(self._history_bars, kept_longer=1 if self._policies[series.symbol].synthetic else 0)
        self._plan_next_close(series)

    def _roll_up(self, series: BarSeries, timeframe: Timeframe, minute: OpenBar, known_at_ns: int) -> None:
        """A closed 1m bar goes into its longer bar; one from outside the session into none of a day and more."""
        interval = bar_interval(self._policies[series.symbol].calendar, timeframe, minute.ts_open_ns)
        if interval is None:
            return
        timeline = series.longer[timeframe]
        former_first = timeline.move_first(minute.fold.first_ns)
        closed = timeline.closed_bar(interval[0])
        bar = closed or timeline.open.get(interval[0])
        if bar is None:
            timeline.open[interval[0]] = OpenBar.from_minute(*interval, minute)
        else:
            bar.take_minute(minute)
        for changed in filter(None, (closed, former_first)):
            self._emit_again(series, timeframe, changed, known_at_ns)

    def _plan_next_close(self, series: BarSeries) -> None:
        ends_ns = [self._next_end_ns(series, timeframe) for timeframe in (Timeframe.M1, *series.longer)]
        series.next_close_ns = min(min(ends_ns) + self._grace_ns, NEVER_NS)

    def _next_end_ns(self, series: BarSeries, timeframe: Timeframe) -> int:
        policy, timeline = self._policies[series.symbol], series.timeline(timeframe)
        empty = next_empty(policy.calendar, timeframe, timeline) if policy.synthetic else None
        return min(timeline.next_close_ns(), empty.ts_close_ns if empty else NEVER_NS)
