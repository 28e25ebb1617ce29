"""The whole audit, series by series: ticks, the bars they make, the indicators those make, the signals those make."""

from collections import Counter
from collections.abc import Callable, Iterator

from runtime.clock import Clock
from tickerplant.verify.bars import BarAudit, expected_bars
from tickerplant.verify.capture import CaptureAudit
from tickerplant.verify.capture_file import Capture, venue_symbol
from tickerplant.verify.indicators import IndicatorAudit
from tickerplant.verify.intervals import NAMES, text
from tickerplant.verify.markets import has_synthetic, unaudited
from tickerplant.verify.minutes import Minutes
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.primaries import judge_primaries
from tickerplant.verify.report import Report
from tickerplant.verify.rows import BarRow, TickRow
from tickerplant.verify.signals import SignalAudit
from tickerplant.verify.store import Series, Tables
from tickerplant.verify.ticks import TickAudit

_PROGRESS_S = 2.0


class Progress:
    """Says what is being done, every few seconds at most."""

    def __init__(self, clock: Clock, say: Callable[[str], None]) -> None:
        self._clock = clock
        self._say = say
        self._next_s = clock.monotonic_s() + _PROGRESS_S

    def tell(self, sentence: str) -> None:
        if self._clock.monotonic_s() >= self._next_s:
            self._next_s = self._clock.monotonic_s() + _PROGRESS_S
            self._say(sentence)

    def counted(self, ticks: Iterator[TickRow], series: Series) -> Iterator[TickRow]:
        """The same ticks, told about as they pass."""
        for number, tick in enumerate(ticks):
            if number % 10_000 == 0:
                self.tell(f"{series}: {number:,} ticks")
            yield tick


class Audit:
    """One run. capture: what a recording holds, with the source under which it was played in; None to judge the tables by themselves."""

    def __init__(
        self, tables: Tables, parameters: Parameters, report: Report, progress: Progress, capture: tuple[str, Capture] | None = None
    ) -> None:
        self._tables = tables
        self._parameters = parameters
        self._report = report
        self._progress = progress
        self._capture_source, self._capture = capture or ("", Capture())
        self._sources_of: Counter[str] = Counter()

    def run(self, symbols: tuple[str, ...] = (), sources: tuple[str, ...] = ()) -> None:
        """Judges the named series, all of them if none is named; blocks on the database."""
        if self._parameters.start_ns:
            self._report.note(f"rows before {text(self._parameters.start_ns)} are not judged, as asked")
        all_series = self._tables.series(symbols, sources)
        self._sources_of = Counter(series.symbol for series in self._tables.series(symbols))
        for series in all_series:
            self._judge(series)
        judge_primaries(self._tables, self._report, self._parameters.start_ns, symbols, sources)
        self._require_captured(all_series, symbols)
        self._report.note("frames of the capture that are no ticks", self._capture.refused)

    def _judge(self, series: Series) -> None:
        captured = self._capture_of(series)
        minutes = self._judge_ticks(series, captured)
        for timeframe in self._timeframes(series):
            self._progress.tell(f"{series} {timeframe}")
            bars = self._judge_bars(series, timeframe, minutes)
            if captured is not None:
                captured.compare_bars(timeframe, bars)
            indicator_audit = IndicatorAudit(series, timeframe, self._parameters, self._report)
            points = indicator_audit.run(bars, self._tables.indicators(series, timeframe))
            SignalAudit(series, timeframe, self._parameters, self._report).run(points, self._tables.signals(series, timeframe))

    def _judge_bars(self, series: Series, timeframe: str, minutes: Minutes) -> list[BarRow]:
        """All stored bars, which the rest is judged by; compared with the trades where those make them."""
        stored = self._tables.bars(series, timeframe)
        why_not = unaudited(series, timeframe, self._parameters)
        if why_not:
            bars = list(stored)
            self._report.note(why_not, len(bars))
            return bars
        synthetic = has_synthetic(series.symbol, self._parameters)
        bar_audit = BarAudit(series, timeframe, self._parameters.start_ns, self._report, synthetic)
        return list(bar_audit.run(expected_bars(minutes, timeframe), stored))

    def _judge_ticks(self, series: Series, captured: CaptureAudit | None) -> Minutes:
        minutes = Minutes(self._parameters, has_synthetic=has_synthetic(series.symbol, self._parameters))
        is_shared = self._sources_of[series.symbol] > 1
        if is_shared:
            self._report.note(
                f"{series}: marks against the symbol's other sources are taken as stored; the tables do not hold the order across sources"
            )
        audit = TickAudit(series, self._parameters, self._report, is_shared)
        ticks: Iterator[TickRow] = self._progress.counted(self._tables.ticks(series), series)
        audit.run(_also(ticks, captured), minutes.add)
        minutes.from_beginning = audit.from_beginning
        gaps = self._tables.gaps(series)
        audit.check_gaps(gaps)
        if captured is not None:
            captured.finish(gaps)
        self._report.note(
            f"{series}: trades in no bar, they came more than {self._parameters.history_bars} bars late", minutes.behind_history
        )
        return minutes

    def _timeframes(self, series: Series) -> list[str]:
        """The configured ones, and others that are stored: a line that was set otherwise before made those, and they must be right too."""
        stored = self._tables.timeframes(series)
        for name in sorted(stored - set(NAMES)):
            self._report.unexpected("market_ohlcv", f"{series} {name}", "there is no such timeframe")
        return [name for name in NAMES if name in stored or name in self._parameters.timeframes]

    def _capture_of(self, series: Series) -> CaptureAudit | None:
        captured = self._capture.symbols.get(venue_symbol(series.symbol))
        if captured is None or series.source != self._capture_source:
            return None
        return CaptureAudit(series, captured, self._parameters, self._report)

    def _require_captured(self, all_series: list[Series], symbols: tuple[str, ...]) -> None:
        stored = {venue_symbol(series.symbol) for series in all_series if series.source == self._capture_source}
        wanted = {venue_symbol(symbol) for symbol in symbols} or set(self._capture.symbols)
        for symbol in sorted((wanted & set(self._capture.symbols)) - stored):
            content = self._capture.symbols[symbol]
            lost = f"{len(content.trades)} trades and {len(content.quotes)} quotes are in the capture"
            self._report.missing("market_ticks", f"{symbol} {self._capture_source}", lost)


def _also(ticks: Iterator[TickRow], captured: CaptureAudit | None) -> Iterator[TickRow]:
    for tick in ticks:
        if captured is not None:
            captured.take(tick)
        yield tick
