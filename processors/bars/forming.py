"""Bars that are still open, as they stand: for eyes, not for records. Nothing here is stored, and closed bars do not depend on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import structs

from processors.bars.open_bar import OpenBar
from processors.bars.policy import Policies
from processors.bars.series import BarSeries
from schemas.bars import Bar
from schemas.sessions import bar_interval
from schemas.timeframes import Timeframe


class FormingBars:
    """timeframes: those that are shown. Only series that changed since they were last shown give bars."""

    def __init__(self, timeframes: Sequence[Timeframe], policies: Policies) -> None:
        self._timeframes = timeframes
        self._policies = policies
        self._changed: dict[tuple[str, str], BarSeries] = {}

    def note(self, changed: Mapping[tuple[str, str], BarSeries]) -> None:
        """These series, by symbol and source, took a tick."""
        self._changed.update(changed)

    def take(self) -> list[Bar]:
        """The bar of every shown timeframe that holds the newest tick of each changed series; none of a minute that closed meanwhile."""
        changed, self._changed = self._changed, {}
        return [bar for series in changed.values() for bar in self._bars(series)]

    def _bars(self, series: BarSeries) -> Iterator[Bar]:
        if not series.minutes.open:
            return
        newest = series.minutes.open[max(series.minutes.open)]
        for timeframe in self._timeframes:
            bar = newest if timeframe is Timeframe.M1 else self._longer(series, timeframe, newest)
            if bar is not None:
                label = series.label(timeframe, bar.ts_open_ns)
                event = bar.event(label, series.timeline(timeframe).first_ns, bar.fold.last_ns)
                yield structs.replace(event, kind="forming", revision=0)

    def _longer(self, series: BarSeries, timeframe: Timeframe, newest: OpenBar) -> OpenBar | None:
        """A copy of the open bar with the minutes merged that are open themselves."""
        interval = bar_interval(self._policies[series.symbol].calendar, timeframe, newest.ts_open_ns)
        if interval is None or timeframe not in series.longer:
            return None
        parts = [minute for opens_ns, minute in series.minutes.open.items() if interval[0] <= opens_ns < interval[1]]
        return _merged(interval, series.longer[timeframe].open.get(interval[0]), parts)


def _merged(interval: tuple[int, int], known: OpenBar | None, minutes: Iterable[OpenBar]) -> OpenBar | None:
    bar = structs.replace(known, fold=known.fold.copy()) if known else None
    for minute in minutes:
        if bar is None:
            bar = OpenBar.from_minute(*interval, minute)
        else:
            bar.take_minute(minute)
    return bar
