"""Indicators by TA-Lib's batch functions over all stored bars of a series, and their comparison with technical_indicators."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
import talib

from tickerplant.verify.intervals import text
from tickerplant.verify.pairs import paired
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.report import Report
from tickerplant.verify.rows import BarRow, IndicatorRow, SignalRow
from tickerplant.verify.store import Series

TABLE = "technical_indicators"
Floats = npt.NDArray[np.float64]
_SETTLE = 40  # with a cut beginning, values are compared after so many times the longest period: the seed is forgotten to 1e-9 by then


@dataclass(frozen=True, slots=True)
class Definition:
    """One configured indicator over a whole series. outputs: arrays as long as the series, NaN where there is no value."""

    component: str
    name: str
    parameters: dict[str, float]
    minimum_bars: int
    outputs: dict[str, Floats]


def calculate(closes: Floats, parameters: Parameters) -> list[Definition]:
    """All configured indicators of these closes, oldest first."""
    return [_macd(closes, parameters), _rsi(closes, parameters), _momentum(closes, parameters)]


def _rsi(closes: Floats, parameters: Parameters) -> Definition:
    period = parameters.rsi_period
    return Definition("rsi", f"rsi_{period}", {"period": period}, 2 * period, {"value": talib.RSI(closes, period)})


def _macd(closes: Floats, parameters: Parameters) -> Definition:
    fast, slow, signal = parameters.macd_fast, parameters.macd_slow, parameters.macd_signal
    line, average, histogram = talib.MACD(closes, fast, slow, signal)
    previous = np.concatenate(([np.nan], histogram[:-1])) if len(histogram) else histogram
    outputs = {"macd": line, "signal": average, "histogram": histogram, "previous_histogram": previous}
    return Definition("macd", f"macd_{fast}_{slow}_{signal}", {"fast": fast, "slow": slow, "signal": signal}, slow + signal + 10, outputs)


def _momentum(closes: Floats, parameters: Parameters) -> Definition:
    period = parameters.momentum_period
    return Definition("momentum", f"momentum_{period}", {"period": period}, period + 5, {"value": talib.ROCP(closes, period)})


@dataclass(slots=True)
class IndicatorPoint:
    """The indicators at one bar, for the signal made of them.

    values: (component, output) to number, the stored one where it is right, so that one wrong value is told once. warm: by component.
    rows: what is stored, by (indicator name, output). revision: that of the rows, None without any.
    """

    bar: BarRow
    values: dict[tuple[str, str], float]
    warm: dict[str, bool]
    rows: dict[tuple[str, str], IndicatorRow]

    @property
    def revision(self) -> int | None:
        return next((row.revision for row in self.rows.values()), None)

    @property
    def known_at_ns(self) -> int:
        return next((row.known_at_ns for row in self.rows.values()), self.bar.known_at_ns)


class IndicatorAudit:
    """Compares one timeframe of one series."""

    def __init__(self, series: Series, timeframe: str, parameters: Parameters, report: Report) -> None:
        self._name = f"{series} {timeframe}"
        self._parameters = parameters
        self._report = report

    def run(self, bars: list[BarRow], rows: Iterable[IndicatorRow]) -> Iterator[IndicatorPoint]:
        """bars: all stored ones by open time; yields a point for each."""
        closes = np.array([float(bar.close_price) for bar in bars], dtype=np.float64)
        definitions = calculate(closes, self._parameters)
        at_bar = (
            (ts, {(row.indicator_name, row.output): row for row in group}) for ts, group in groupby(rows, lambda row: row.timestamp_us)
        )
        seed_before: int | None = None if self._parameters.start_ns else 0
        for ts_us, numbered, stored in paired(enumerate(bars), at_bar, lambda item: item[1].timestamp_us, lambda item: item[0]):
            here = stored[1] if stored is not None else {}
            self._report.compared[TABLE] += len(here)
            if numbered is None:
                self._report.unexpected(TABLE, f"{self._name} {text(ts_us * 1000)}", f"{len(here)} outputs of a bar that is not stored")
                continue
            position, bar = numbered
            if seed_before is None and here:
                seed_before = next(iter(here.values())).seed_bars - position - 1
            yield self._judge(definitions, position, bar, here, seed_before or 0)

    def _judge(
        self, definitions: list[Definition], position: int, bar: BarRow, rows: dict[tuple[str, str], IndicatorRow], seed_before: int
    ) -> IndicatorPoint:
        point = IndicatorPoint(bar, {}, {}, rows)
        key = f"{self._name} {text(bar.ts_open_ns)}"
        is_judged = bar.ts_open_ns >= self._parameters.start_ns
        is_settled = not seed_before or position >= _SETTLE * max(self._parameters.rsi_period, self._parameters.macd_slow)
        expected: set[tuple[str, str]] = set()
        for definition in definitions:
            point.warm[definition.component] = seed_before + position + 1 >= definition.minimum_bars
            for output, series in definition.outputs.items():
                value, row = float(series[position]), rows.get((definition.name, output))
                if not is_settled:
                    value = row.value if row is not None else math.nan
                if math.isnan(value):
                    continue
                expected.add((definition.name, output))
                is_right = row is not None and math.isclose(value, row.value, rel_tol=1e-9, abs_tol=1e-9)
                point.values[definition.component, output] = row.value if row is not None and is_right else value
                if is_judged:
                    self._compare(f"{key} {definition.name} {output}", definition, bar, value, row, seed_before + position + 1)
        if is_judged:
            for name, output in sorted(set(rows) - expected):
                self._report.unexpected(TABLE, f"{key} {name} {output}", "nothing to be known of it at this bar")
        return point

    def _compare(self, key: str, definition: Definition, bar: BarRow, value: float, row: IndicatorRow | None, seed_bars: int) -> None:
        if row is None:
            self._report.missing(TABLE, key, repr(value))
            return
        self._report.compare_close(TABLE, key, "value", value, row.value)
        self._report.compare(
            TABLE,
            key,
            [
                ("parameters", definition.parameters, row.parameters),
                ("warm", seed_bars >= definition.minimum_bars, row.warm),
                ("minimum_bars", definition.minimum_bars, row.minimum_bars),
                ("seed_bars", seed_bars, row.seed_bars),
                *copied(bar, row),
            ],
        )
        if row.revision < row.bar_revision:
            self._report.rule(TABLE, key, "revision", f"at least bar_revision {row.bar_revision}", row.revision)
        if row.known_at_ns < bar.known_at_ns:
            self._report.rule(TABLE, key, "known_at_ns", f"at least the bar's {bar.known_at_ns}", row.known_at_ns)


def copied(bar: BarRow, row: IndicatorRow | SignalRow) -> list[tuple[str, object, object]]:
    """What a record made from a bar repeats of it."""
    return [
        ("close_price", bar.close_price, row.close_price),
        ("ts_open_ns", bar.ts_open_ns, row.ts_open_ns),
        ("ts_close_ns", bar.ts_close_ns, row.ts_close_ns),
        ("bar_revision", bar.revision, row.bar_revision),
        ("bar_kind", bar.kind, row.bar_kind),
        ("bar_quality", bar.quality_score, row.bar_quality),
        ("is_primary", bar.is_primary, row.is_primary),
        ("primary_epoch", bar.primary_epoch, row.primary_epoch),
    ]
