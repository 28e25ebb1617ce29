"""Comparison of technical_indicators with the indicators of all stored bars of a series."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from tickerplant.verify.definitions import Definition, calculate, columns, define
from tickerplant.verify.intervals import text
from tickerplant.verify.pairs import paired
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.report import Report
from tickerplant.verify.rows import BarRow, IndicatorRow, SignalRow
from tickerplant.verify.store import Series

TABLE = "technical_indicators"
KNOWN_RULE = "when this bar or one before it became known"


@dataclass(slots=True)
class IndicatorPoint:
    """The indicators at one bar, for the signal made of them.

    rows: what is stored, by (indicator name, output). seed_bars: number of the bar in its series, from 1.
    known_ns: the times at which it can have become known: when this bar or one before it, whose correction changed it, did.
    values: (component, or key of an indicator that is none, output) to number, the stored one where it is right, so that one wrong value is told once.
    warm: by component.
    """

    bar: BarRow
    rows: dict[tuple[str, str], IndicatorRow]
    seed_bars: int
    known_ns: frozenset[int]
    values: dict[tuple[str, str], float] = field(default_factory=dict)
    warm: dict[str, bool] = field(default_factory=dict)


class IndicatorAudit:
    """Compares one timeframe of one series."""

    def __init__(self, series: Series, timeframe: str, parameters: Parameters, report: Report) -> None:
        self._name = f"{series} {timeframe}"
        self._parameters = parameters
        self._report = report
        self._seeds_before: int | None = None if parameters.start_ns else 0  # bars of the series that were cut from the tables
        self._rebuilt_at: int | None = None  # position of the newest bar so far that the batch job made
        self._columns = columns([])
        self._found: dict[str, Definition | None] = {}  # by key: stored though not configured, None if there is no formula for it

    def run(self, bars: list[BarRow], rows: Iterable[IndicatorRow]) -> Iterator[IndicatorPoint]:
        """bars: all stored ones by open time; yields a point for each."""
        self._columns = columns(bars)
        definitions = calculate(self._columns, self._parameters)
        rebuilt_known_ns: set[int] = set()
        recently_known_ns: deque[int] = deque(maxlen=self._parameters.history_bars + 1)
        for ts_us, numbered, stored in paired(enumerate(bars), _by_bar(rows), lambda item: item[1].timestamp_us, lambda item: item[0]):
            here = stored[1] if stored is not None else {}
            self._report.compared[TABLE] += len(here)
            if numbered is None:
                self._report.unexpected(TABLE, f"{self._name} {text(ts_us * 1000)}", f"{len(here)} outputs of a bar that is not stored")
                continue
            position, bar = numbered
            recently_known_ns.append(bar.known_at_ns)
            if "rebuilt" in bar.reasons:
                self._rebuilt_at = position
                rebuilt_known_ns.add(bar.known_at_ns)
                self._report.note("indicators compared by their stored values: those after a bar that the batch job made remember either")
            point = IndicatorPoint(
                bar, here, position + 1 + self._before(position, here), frozenset({*recently_known_ns, *rebuilt_known_ns})
            )
            for definition in definitions:
                self._judge(definition, position, point)
            self._judge_others(definitions, position, point)
            yield point

    def _before(self, position: int, rows: dict[tuple[str, str], IndicatorRow]) -> int:
        if self._rebuilt_at is not None and rows:  # a bar that the batch job added is in the count of its own records only
            return next(iter(rows.values())).seed_bars - position - 1
        if self._seeds_before is None and rows:
            self._seeds_before = next(iter(rows.values())).seed_bars - position - 1
        return self._seeds_before or 0

    def _judge(self, definition: Definition, position: int, point: IndicatorPoint) -> None:
        """Each output of one indicator at one bar; fills the point's values."""
        if definition.component:
            point.warm[definition.component] = point.seed_bars >= definition.minimum_bars
        since = position if self._seeds_before else None
        since = since if self._rebuilt_at is None else position - self._rebuilt_at
        is_settled = since is None or (definition.settled_bars is not None and since >= definition.settled_bars)
        for output, series in definition.outputs.items():
            value, row = float(series[position]), point.rows.get((definition.name, output))
            if not is_settled:
                value = row.value if row is not None else math.nan
            if math.isnan(value):
                continue
            absolute = definition.absolute[output]
            is_right = row is not None and math.isclose(value, row.value, rel_tol=1e-9, abs_tol=absolute)
            point.values[definition.component or definition.name, output] = row.value if row is not None and is_right else value
            if point.bar.timestamp_us * 1000 < self._parameters.start_ns:
                continue
            key = f"{self._name} {text(point.bar.ts_open_ns)} {definition.name} {output}"
            if row is not None:
                self._report.compare_close(TABLE, key, "value", value, row.value, absolute)
                self._compare(key, definition, point, row)
            elif definition.name not in self._found:
                self._report.missing(TABLE, key, repr(value))

    def _compare(self, key: str, definition: Definition, point: IndicatorPoint, row: IndicatorRow) -> None:
        fields = [
            ("parameters", definition.parameters, row.parameters),
            ("warm", point.seed_bars >= definition.minimum_bars, row.warm),
            ("minimum_bars", definition.minimum_bars, row.minimum_bars),
            ("seed_bars", point.seed_bars, row.seed_bars),
            *copied(point.bar, row),
        ]
        self._report.compare(TABLE, key, fields)
        if row.revision < row.bar_revision:
            self._report.rule(TABLE, key, "revision", f"at least bar_revision {row.bar_revision}", row.revision)
        if row.known_at_ns not in point.known_ns:
            self._report.rule(TABLE, key, "known_at_ns", KNOWN_RULE, row.known_at_ns)

    def _judge_others(self, definitions: list[Definition], position: int, point: IndicatorPoint) -> None:
        """What is stored though it is not configured now must be right too; where there is no formula for it, the report says so."""
        if point.bar.timestamp_us * 1000 < self._parameters.start_ns:
            return
        names = {definition.name: definition.component or definition.name for definition in definitions}
        for name in sorted({name for name, _ in point.rows} - set(names)):
            definition = self._define(name)
            if definition is None:
                self._report.note(f"not audited, there is no formula for it: {name}")
            else:
                self._judge(definition, position, point)
        for name, output in sorted(point.rows):
            if self._found.get(name, ...) is not None and (names.get(name, name), output) not in point.values:
                key = f"{self._name} {text(point.bar.ts_open_ns)} {name} {output}"
                self._report.unexpected(TABLE, key, "not to be known at this bar")

    def _define(self, name: str) -> Definition | None:
        if name not in self._found:
            self._found[name] = define(self._columns, name)
        return self._found[name]


def _by_bar(rows: Iterable[IndicatorRow]) -> Iterator[tuple[int, dict[tuple[str, str], IndicatorRow]]]:
    for timestamp_us, group in groupby(rows, lambda row: row.timestamp_us):
        yield timestamp_us, {(row.indicator_name, row.output): row for row in group}


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
