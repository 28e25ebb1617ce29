"""Bars from trades, and their comparison with market_ohlcv."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from tickerplant.verify.intervals import text
from tickerplant.verify.minutes import Minutes, Span
from tickerplant.verify.pairs import paired
from tickerplant.verify.report import Report
from tickerplant.verify.rows import BarRow
from tickerplant.verify.scores import TOLERANCE
from tickerplant.verify.store import Series

TABLE = "market_ohlcv"
_VWAP_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_VWAP_STEP = Decimal("1e-10")


@dataclass(slots=True)
class ExpectedBar:
    """A bar as the trades make it. required: it must be stored (its end and the grace lie behind a stored trade); else it may be."""

    ts_open_ns: int
    ts_close_ns: int
    span: Span
    quality: float
    is_first: bool
    is_late: bool
    is_undecided: bool
    required: bool

    @property
    def vwap(self) -> Decimal:
        return vwap(self.span.quote_volume, self.span.volume)

    @property
    def reasons(self) -> list[str]:
        return sorted(self.span.reasons | ({"partial_interval"} if self.is_first else set()))

    @property
    def kind_uncorrected(self) -> str:
        return "incomplete" if self.is_first or "sequence_gap" in self.span.reasons else "final"


def vwap(quote_volume: Decimal, volume: Decimal) -> Decimal:
    """quote_volume / volume to ten decimals, halves to even."""
    return _VWAP_CONTEXT.divide(quote_volume, volume).quantize(_VWAP_STEP, context=_VWAP_CONTEXT)


def expected_bars(minutes: Minutes, timeframe: str) -> Iterator[ExpectedBar]:
    """All bars of a timeframe that the trades can make, by open time."""
    for opens, closes, inside in minutes.by_interval(timeframe):
        span = copy(minutes.spans[inside[0]])
        span.reasons = set(span.reasons)
        for minute in inside[1:]:
            span.merge(minutes.spans[minute])
        is_first = minutes.from_beginning and opens <= minutes.first_trade_ns < closes
        coverage = Fraction(closes - minutes.first_trade_ns, closes - opens) if is_first else Fraction(1)
        score = sum((minutes.spans[minute].score for minute in inside), Fraction(0)) / len(inside)
        yield ExpectedBar(
            ts_open_ns=opens,
            ts_close_ns=closes,
            span=span,
            quality=float(score * coverage),
            is_first=is_first,
            is_late=(timeframe, opens) in minutes.late,
            is_undecided=not minutes.undecided.isdisjoint(inside),
            required=closes + minutes.parameters.grace_ns <= minutes.newest_ns,
        )


class BarAudit:
    """Compares one timeframe of one series. synthetic: intervals without trades may have bars; which of them must is not judged."""

    def __init__(self, series: Series, timeframe: str, start_ns: int, report: Report, synthetic: bool = False) -> None:
        self._name = f"{series} {timeframe}"
        self._start_ns = start_ns
        self._report = report
        self._synthetic = synthetic
        self._last_close: Decimal | None = None

    def run(self, expected: Iterable[ExpectedBar], actual: Iterable[BarRow]) -> Iterator[BarRow]:
        """Yields every stored bar again, for what is made from bars."""
        for ts_open_ns, wanted, bar in paired(expected, actual, lambda wanted: wanted.ts_open_ns, lambda bar: bar.timestamp_us * 1000):
            if bar is not None:
                self._report.compared[TABLE] += 1
                yield bar
            if ts_open_ns >= self._start_ns:
                self._judge(f"{self._name} {text(ts_open_ns)}", wanted, bar)
            self._last_close = bar.close_price if bar is not None else self._last_close

    def _judge(self, key: str, wanted: ExpectedBar | None, bar: BarRow | None) -> None:
        if bar is not None and "rebuilt" in bar.reasons:
            self._report.note("bars not compared: `tickerplant rebuild bars` made them of ticks that the stream had let go")
        elif wanted is None and bar is not None and bar.kind == "synthetic" and self._synthetic:
            self._report.compare(TABLE, key, standing_fields(self._last_close, bar))
        elif wanted is None:
            self._report.unexpected(TABLE, key, "no trade lies in its interval")
        elif bar is None:
            if wanted.required:
                self._report.missing(TABLE, key, f"{wanted.span.trade_count} trades lie in its interval")
        elif wanted.is_undecided:
            self._report.note("bars not compared: a trade of theirs came when the stream may just have let go of the bar")
        else:
            self._report.compare(TABLE, key, fields(wanted, bar))
            self._report.compare(TABLE, key, [("reasons", wanted.reasons, sorted(bar.reasons))])
            self._report.compare_close(TABLE, key, "quality_score", wanted.quality, bar.quality_score, TOLERANCE)
            self._judge_revision(key, wanted, bar)

    def _judge_revision(self, key: str, wanted: ExpectedBar, bar: BarRow) -> None:
        """How often a bar was corrected is not in the tables; what follows from it is."""
        kind = wanted.kind_uncorrected if bar.revision == 0 else "corrected"
        self._report.compare(TABLE, key, [("kind", kind, bar.kind)])
        if bar.revision == 0 and wanted.is_late:
            self._report.rule(TABLE, key, "revision", "above 0: a trade came after the close", 0)
        # One a late trade, and one if an earlier trade took its place as the series' first, and one a change of the symbol's primary source at most; a
        # synthetic bar is also revised with the close before it.
        most = wanted.span.trade_count + bar.primary_epoch
        if not 0 <= bar.revision <= most and not self._synthetic:
            self._report.rule(TABLE, key, "revision", f"0 to {most}, the number of its trades and changes of primary", bar.revision)
        if bar.revision == 0 and not wanted.is_late and bar.known_at_ns < wanted.span.known_ns:
            self._report.rule(TABLE, key, "known_at_ns", f"at least {wanted.span.known_ns}, its newest trade's receipt", bar.known_at_ns)


def standing_fields(last_close: Decimal | None, bar: BarRow) -> list[tuple[str, object, object]]:
    """What a synthetic bar says: the price stands at the close before it, and nothing is traded or scored."""
    names = ("open_price", "high_price", "low_price", "close_price", "vwap")
    standing = [(name, last_close, getattr(bar, name)) for name in names]
    nothing = [(name, 0, getattr(bar, name)) for name in ("volume", "quote_volume", "trade_count", "quality_score")]
    return [*standing, *nothing, ("reasons", [], sorted(bar.reasons))]


def fields(wanted: ExpectedBar, bar: BarRow) -> list[tuple[str, object, object]]:
    """What the trades' prices, sizes and times alone decide."""
    span = wanted.span
    return [
        ("ts_open_ns", wanted.ts_open_ns, bar.ts_open_ns),
        ("ts_close_ns", wanted.ts_close_ns, bar.ts_close_ns),
        ("open_price", span.open, bar.open_price),
        ("high_price", span.high, bar.high_price),
        ("low_price", span.low, bar.low_price),
        ("close_price", span.close, bar.close_price),
        ("volume", span.volume, bar.volume),
        ("quote_volume", span.quote_volume, bar.quote_volume),
        ("vwap", wanted.vwap, bar.vwap),
        ("trade_count", span.trade_count, bar.trade_count),
    ]
