"""How bars that close or change become events, and the synthetic ones with them."""

from processors.bars.open_bar import OpenBar
from processors.bars.policy import Policies
from processors.bars.series import BarSeries
from processors.bars.synthetic import follow, next_empty
from schemas.bars import Bar
from schemas.timeframes import Timeframe


class Emission:
    """`emitted` collects bars in the order they closed or changed; whoever reads them empties it."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self.emitted: list[Bar] = []

    def _fill(self, series: BarSeries, timeframe: Timeframe, until_ns: int, known_at_ns: int) -> None:
        """Closes the empty intervals up to until_ns with synthetic bars, where the symbol's policy asks for them."""
        policy, timeline = self._policies[series.symbol], series.timeline(timeframe)
        if not policy.synthetic:
            return
        while (bar := next_empty(policy.calendar, timeframe, timeline)) and bar.ts_close_ns <= until_ns:
            self._finish(series, timeframe, bar, known_at_ns)

    def _finish(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar, known_at_ns: int) -> None:
        series.timeline(timeframe).keep_closed(bar)
        self._emit(series, timeframe, bar, known_at_ns)

    def _emit_again(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar, known_at_ns: int) -> None:
        bar.revision += 1
        self._emit(series, timeframe, bar, known_at_ns)

    def _emit(self, series: BarSeries, timeframe: Timeframe, bar: OpenBar, known_at_ns: int) -> None:
        """A bar that closed or changed, and the synthetic ones after it that stand at its close."""
        timeline = series.timeline(timeframe)
        self.emitted.append(bar.event(series.label(timeframe, bar.ts_open_ns), timeline.first_ns, known_at_ns))
        if timeline.closed[-1] is bar or not self._policies[series.symbol].synthetic:
            return
        for following in follow(timeline, bar):
            following.revision += 1
            self.emitted.append(following.event(series.label(timeframe, following.ts_open_ns), timeline.first_ns, known_at_ns))
