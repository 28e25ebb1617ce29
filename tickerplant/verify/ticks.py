"""Judges market_ticks by itself: seq, ids, the gaps that were reported for holes, scores and reasons; feeds the trades on to the bars."""

from collections.abc import Callable, Iterable

from tickerplant.verify.anomalies import CODES
from tickerplant.verify.holes import Holes, is_covered
from tickerplant.verify.intervals import text
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.report import Report
from tickerplant.verify.rows import GapRow, TickRow
from tickerplant.verify.scores import CROSS_SOURCE, TOLERANCE, TradeHistory, is_always_open, quality
from tickerplant.verify.store import Series

TABLE = "market_ticks"
GAPS = "market_gaps"
_NUMBERED_CHANNELS = ("trade", "quote", "book")  # a gap of `record` counts Kafka records, in its own way


class TickAudit:
    """One series, ticks in the order of seq. is_shared: other sources have the symbol too; the tables do not tell in which order theirs came."""

    def __init__(self, series: Series, parameters: Parameters, report: Report, is_shared: bool = False) -> None:
        self._series = series
        self._report = report
        self._numbered = series.source in parameters.numbered_sources
        self._start_ns = parameters.start_ns
        self._ahead_ns = parameters.ahead_ns
        self._is_shared = is_shared
        self._history = TradeHistory(parameters, numbered=self._numbered, always_open=is_always_open(series.symbol))
        self._holes = Holes()
        self._ids: set[str] = set()  # of sources that do not count
        self._update_id = -1
        self._seq = 0
        self.from_beginning = (
            True  # the first tick stored is the first of the series; False only where start_ns says that the tables were cut
        )

    def run(self, ticks: Iterable[TickRow], on_trade: Callable[[TickRow], None]) -> None:
        """Judges all of them and hands each trade to on_trade."""
        for tick in ticks:
            self._report.compared[TABLE] += 1
            self._check(tick, f"{self._series} seq {tick.seq}")
            if tick.kind == "trade":
                on_trade(tick)

    def _check(self, tick: TickRow, key: str) -> None:
        self._check_seq(tick, key)
        self._check_id(tick, key)
        self._report.compare(TABLE, key, [("timestamp", tick.ts_event_ns // 1000, tick.timestamp_us)])
        if tick.ts_event_ns > tick.ts_ingest_ns + self._ahead_ns:
            self._report.rule(TABLE, key, "ts_event_ns", f"at most {self._ahead_ns // 10**9} s after ts_ingest_ns", tick.ts_event_ns)
        reasons = self._with_unknown(self._history.reasons(tick), tick)
        if tick.ts_event_ns < self._start_ns:
            return  # its reasons may come from ticks that are no longer stored
        self._report.compare(TABLE, key, [("reasons", reasons, sorted(tick.reasons))])
        self._report.compare_close(TABLE, key, "quality_score", quality(reasons), tick.quality_score, TOLERANCE)

    def _with_unknown(self, reasons: list[str], tick: TickRow) -> list[str]:
        """Marks that these rows cannot prove are taken as they are: against other sources, and anomalies where the tables were cut."""
        unknown = {*(() if self.from_beginning else CODES), *((CROSS_SOURCE,) if self._is_shared else ())}
        return sorted({*reasons} - unknown | {*tick.reasons} & unknown)

    def _check_seq(self, tick: TickRow, key: str) -> None:
        expected = self._seq + 1
        if self._start_ns and not self._seq:
            self.from_beginning = tick.seq == 1
            expected = tick.seq
        if tick.seq > expected:
            lost = f"seq {expected}" if tick.seq == expected + 1 else f"seq {expected} to {tick.seq - 1}"
            self._report.missing(TABLE, f"{self._series} {lost}", "seq is consecutive from 1")
        elif tick.seq < expected:
            self._report.rule(TABLE, key, "seq", expected, tick.seq)
        self._seq = max(self._seq, tick.seq)

    def _check_id(self, tick: TickRow, key: str) -> None:
        if tick.kind == "quote":
            if tick.update_id is None or tick.update_id <= self._update_id:
                self._report.rule(TABLE, key, "update_id", f"above {self._update_id}", tick.update_id)
            self._update_id = max(self._update_id, tick.update_id or 0)
        elif not self._is_new(tick.trade_id or ""):
            self._report.rule(TABLE, key, "trade_id", "a new one", tick.trade_id)

    def _is_new(self, trade_id: str) -> bool:
        if self._numbered and trade_id.isdigit():
            return self._holes.see(int(trade_id))
        if trade_id in self._ids:
            return False
        self._ids.add(trade_id)
        return True

    def check_gaps(self, gaps: list[GapRow]) -> None:
        """After run: every hole in the ids must be a gap that is not said to be filled, and every jump must have been reported."""
        self._report.compared[GAPS] += len(gaps)
        open_gaps = [(gap.from_id, gap.to_id) for gap in gaps if gap.channel == "trade" and gap.state != "filled"]
        for before, after in self._holes.remaining():
            if before < (self._holes.first or 0):
                self._report.note(f"{self._series}: holes in trade ids before the one that came first; the series began there")
            elif not is_covered((before, after), open_gaps):
                ids = f"{before + 1}" if after - before == 2 else f"{before + 1} to {after - 1}"
                self._report.missing(TABLE, f"{self._series} trade_id {ids}", "no gap in market_gaps says that they were lost")
        known = {(gap.from_id, gap.to_id) for gap in gaps if gap.channel == "trade"}
        for before, after in self._history.jumps:
            if not self._start_ns and not is_covered((before, after), known):
                self._report.missing(GAPS, f"{self._series} trade {before} to {after}", "trade ids jumped here")
        self._check_gap_rows(gaps)

    def _check_gap_rows(self, gaps: list[GapRow]) -> None:
        for gap in gaps:
            key = f"{self._series} {gap.gap_id}"
            if ":dropped:" in gap.gap_id:
                continue  # ticks that were too late for the stream's bars: none is missing here
            place = "silence:" + gap.gap_id.rpartition(":")[2] if ":silence:" in gap.gap_id else f"{gap.from_id}:{gap.to_id}"
            expected_id = f"{self._series.source}:{self._series.symbol}:{gap.channel}:{place}"
            fields: list[tuple[str, object, object]] = [("gap_id", expected_id, gap.gap_id)]
            if gap.channel not in _NUMBERED_CHANNELS:
                continue
            if gap.to_id:
                fields.append(("size", gap.to_id - gap.from_id - 1, gap.size))
            self._report.compare(GAPS, key, fields)
            if gap.size and gap.filled > gap.size:
                self._report.rule(GAPS, key, "filled", f"at most {gap.size}", gap.filled)

    @property
    def newest_trade(self) -> str:
        """Event time of the newest trade, for a reader; `nothing` before the first."""
        return text(self._history.newest_ns) if self._history.newest_ns >= 0 else "nothing"
