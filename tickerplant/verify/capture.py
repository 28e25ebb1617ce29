"""What the tables hold of a capture, which nothing of ours has touched: ticks, and the bars of its trades."""

from collections.abc import Iterable
from decimal import Decimal

from tickerplant.verify import bars
from tickerplant.verify.bars import expected_bars
from tickerplant.verify.capture_file import CapturedSymbol, CapturedTrade
from tickerplant.verify.holes import is_covered
from tickerplant.verify.intervals import text
from tickerplant.verify.minutes import Minutes
from tickerplant.verify.pairs import paired
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.report import Report
from tickerplant.verify.rows import BarRow, GapRow, TickRow
from tickerplant.verify.store import Series

TABLE = "market_ticks"


class CaptureAudit:
    """Compares one symbol of a capture with the tables: `take` every stored tick, then `finish`, then `compare_bars` a timeframe."""

    def __init__(self, series: Series, captured: CapturedSymbol, parameters: Parameters, report: Report) -> None:
        self._series = series
        self._captured = captured
        self._report = report
        self._seqs: dict[int, int] = {}  # stored trades of the capture: id to seq
        self._quotes: set[int] = set()
        self._minutes = Minutes(parameters)

    def take(self, tick: TickRow) -> None:
        """A stored tick of the series."""
        if tick.kind == "trade":
            self._take_trade(tick)
        else:
            self._take_quote(tick)

    def _take_trade(self, tick: TickRow) -> None:
        number = int(tick.trade_id) if tick.trade_id and tick.trade_id.isdigit() else -1
        captured = self._captured.trades.get(number)
        key = f"{self._series} trade {tick.trade_id}"
        if captured is None:
            self._report.unexpected(TABLE, key, "the capture has no such trade")
            return
        self._seqs.setdefault(number, tick.seq)
        self._report.compare(TABLE, key, [(name, value, getattr(tick, name)) for name, value in captured._asdict().items()])

    def _take_quote(self, tick: TickRow) -> None:
        number = tick.update_id if tick.update_id is not None else -1
        captured = self._captured.quotes.get(number)
        key = f"{self._series} quote {number}"
        if captured is None:
            self._report.unexpected(TABLE, key, "the capture has no such quote")
            return
        self._quotes.add(number)
        self._report.compare(TABLE, key, [(name, value, getattr(tick, name)) for name, value in captured._asdict().items()])

    def finish(self, gaps: list[GapRow]) -> None:
        """What the tables lack: every trade must be there; a quote may lie in a gap that was reported."""
        self._report.compared["captured trades"] += len(self._captured.trades)
        self._report.compared["captured quotes"] += len(self._captured.quotes)
        for number in sorted(self._captured.trades.keys() - self._seqs.keys()):
            self._report.missing(TABLE, f"{self._series} trade {number}", "it is in the capture")
        reported = [(gap.from_id, gap.to_id) for gap in gaps if gap.channel == "quote"]
        lost = sorted(self._captured.quotes.keys() - self._quotes)
        excused = {number for number in lost if is_covered((number - 1, number + 1), reported)}
        for number in lost:
            if number not in excused:
                self._report.missing(TABLE, f"{self._series} quote {number}", "it is in the capture, and no gap says that it was lost")
        self._report.note(f"{self._series}: quotes of the capture that lie in reported gaps", len(excused))
        self._gather()

    def _gather(self) -> None:
        """Trades of one time count in the order in which validate numbered them: after a hole was filled that is not the order of ids."""
        trades = self._captured.trades
        order = [(self._seqs.get(number, place), number) for place, number in enumerate(trades, 1)]
        for seq, number in sorted(order):
            self._minutes.add(_as_row(seq, number, trades[number]))

    def compare_bars(self, timeframe: str, stored: Iterable[BarRow]) -> None:
        """What prices, sizes and times of the captured trades alone decide."""
        wanted_bars = expected_bars(self._minutes, timeframe)
        for ts_open_ns, wanted, bar in paired(wanted_bars, stored, lambda wanted: wanted.ts_open_ns, lambda bar: bar.timestamp_us * 1000):
            key = f"{self._series} {timeframe} {text(ts_open_ns)} (capture)"
            if wanted is None:
                self._report.unexpected(bars.TABLE, key, "the capture has no trade in its interval")
            elif bar is None:
                if wanted.required:
                    self._report.missing(bars.TABLE, key, f"{wanted.span.trade_count} trades of the capture lie in its interval")
            elif not wanted.is_undecided:
                self._report.compare(bars.TABLE, key, bars.fields(wanted, bar))


def _as_row(seq: int, number: int, trade: CapturedTrade) -> TickRow:
    nothing: Decimal | None = None
    return TickRow(
        timestamp_us=trade.ts_event_ns // 1000,
        kind="trade",
        price=trade.price,
        volume=trade.volume,
        side=trade.side,
        trade_id=str(number),
        bid=nothing,
        bid_size=nothing,
        ask=nothing,
        ask_size=nothing,
        update_id=None,
        seq=seq,
        quality_score=1.0,
        reasons=[],
        ts_event_ns=trade.ts_event_ns,
        ts_ingest_ns=trade.ts_event_ns,
        event_time_is_receive=False,
        filled=False,
    )
