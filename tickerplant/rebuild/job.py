"""One run of the job: reads the tables, plans, and writes what changed to the topics, where every reader gets it as a new revision.

Nothing is remembered between runs: what is stored says what is done, so a run that was ended goes on with the next one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from processors.bars.fold import NEVER_NS
from processors.bars.policy import Policies
from runtime.errors import UserError
from runtime.kafka import Publisher
from runtime.settings import ProcessSettings, Settings
from schemas.bars import Bar
from schemas.codec import encode
from schemas.gaps import Gap, GapState
from schemas.headers import TYPE
from schemas.indicators import IndicatorRecord
from schemas.partitioner import partition_of
from schemas.sessions import Interval
from schemas.timeframes import Timeframe
from schemas.topics import Topic
from tickerplant.rebuild.bars import Asked, Found, Rebuild, minutes_of, trade_of
from tickerplant.rebuild.indicators import bar_of, is_from_beginning, records, window_ns, with_changes
from tickerplant.rebuild.store import RebuildStore
from tickerplant.verify.rows import BarRow
from tickerplant.verify.store import Series

Say = Callable[[str], None]
_TYPES = {Topic.BARS: b"bar", Topic.INDICATORS: b"indicators", Topic.GAPS: b"gap"}


@dataclass
class Plan:
    """What a run would write. gaps: those that are filled by it, or begun to be. notes: what it cannot do, and why."""

    found: Found
    records: list[IndicatorRecord] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Job:
    """One series. from_ns, to_ns: bars that overlap this span."""

    def __init__(
        self, store: RebuildStore, process: ProcessSettings, series: Series, from_ns: int, to_ns: int, now_ns: int, say: Say
    ) -> None:
        self._store = store
        self._process = process
        self._series = series
        self._from_ns, self._to_ns, self._now_ns = from_ns, to_ns, now_ns
        self._say = say
        self._policy = Policies.from_settings(process)[series.symbol]
        self._timeframes = [one for one in Timeframe if one in process.timeframes or one is Timeframe.M1]
        if series.source in process.provider_bars:
            raise UserError(f"{series}: its bars are the provider's; `tickerplant backfill` brings what it says now")
        if self._policy.from_quotes or self._policy.synthetic:
            raise UserError(f"{series}: only bars that are built of trades, without synthetic ones, can be rebuilt")

    def plan(self) -> Plan:
        """Reads all that is needed; changes nothing."""
        minutes = self._store.bars(self._series, Timeframe.M1.value)
        reach_ns = window_ns([self._bar(row, Timeframe.M1) for row in minutes], self._process.history_bars)
        rebuild = Rebuild(
            Asked(*self._series, self._from_ns, self._to_ns, reach_ns), self._policy.calendar, self._first_ns(minutes), self._now_ns
        )
        lowest, highest = rebuild.needed(self._timeframes)
        self._say(f"{self._series}: reading trades of {(highest - lowest) / 3.6e12:.1f} hours")
        trades = (trade_of(row, self._series.symbol) for row in self._store.trades(self._series, lowest, highest))
        folded = minutes_of(trades)
        plan = Plan(rebuild.found)
        for timeframe in self._timeframes:
            stored = minutes if timeframe is Timeframe.M1 else self._store.bars(self._series, timeframe.value)
            done = len(plan.found.changed)
            rebuild.compare(timeframe, folded, {row.ts_open_ns: row for row in stored})
            self._plan_records(plan, timeframe, stored, plan.found.changed[done:])
            self._say(f"{self._series} {timeframe.value}: {len(plan.found.changed) - done} bars change")
        self._plan_gaps(plan)
        return plan

    def _bar(self, row: BarRow, timeframe: Timeframe) -> Bar:
        return bar_of(row, *self._series, timeframe.value)

    def _first_ns(self, minutes: Sequence[BarRow]) -> int:
        """Of the series' first trade; NEVER_NS if it is no longer stored, since then no stored interval is its first."""
        first_ns = self._store.first_trade_ns(self._series)
        if first_ns is None:
            raise UserError(f"{self._series}: no trade is stored; `tickerplant verify` lists what is")
        return first_ns if not minutes or first_ns < minutes[0].ts_close_ns else NEVER_NS

    def _plan_records(self, plan: Plan, timeframe: Timeframe, stored: Sequence[BarRow], changed: Sequence[Bar]) -> None:
        bars = [self._bar(row, timeframe) for row in stored]
        until_ns = window_ns(bars, self._process.history_bars)
        older = [bar for bar in changed if bar.ts_open_ns < until_ns]
        if not older:
            return  # the running stage takes them itself
        rows = self._store.indicators(self._series, timeframe.value)
        if not is_from_beginning(bars, rows):
            plan.notes.append(f"{timeframe.value}: the oldest bars are no longer stored, so indicators cannot be computed again")
            return
        plan.records += records(self._process, with_changes(bars, changed), rows, older[0].ts_open_ns, until_ns, self._now_ns)
        plan.notes.append(f"{timeframe.value}: the running stage's own indicators go on from before; what its newest {self._process.history_bars} "
                          "bars remember of the change fades")  # fmt: skip

    def _plan_gaps(self, plan: Plan) -> None:
        """`filled`: their trades are in all bars over them after this run; `partial`: in the shorter ones, while the longer ones wait for the stream."""
        for gap in self._store.dropped(self._series, self._from_ns, self._to_ns):
            if not (self._from_ns <= gap.from_ns and gap.to_ns < self._to_ns) or _overlaps(plan.found.cut, gap):
                continue
            waits = _overlaps(plan.found.waiting, gap)
            is_begun = not any(timeframe is Timeframe.M1 and _overlaps([(timeframe, one)], gap) for timeframe, one in plan.found.waiting)
            if not waits or (is_begun and gap.state == "open"):
                state: GapState = "partial" if waits else "filled"
                plan.gaps.append(structs.replace(gap, state=state, filled=gap.size, known_at_ns=self._now_ns))


def _overlaps(bars: Sequence[tuple[Timeframe, Interval]], gap: Gap) -> bool:
    return any(opens <= gap.to_ns and gap.from_ns < closes for _, (opens, closes) in bars)


def events(plan: Plan) -> Iterator[tuple[Topic, Any]]:
    """In the order in which they are written: a gap is told as filled when all else is."""
    for bar in plan.found.changed:
        yield Topic.BARS, bar
    for record in plan.records:
        yield Topic.INDICATORS, record
    for gap in plan.gaps:
        yield Topic.GAPS, gap


def write(plan: Plan, publisher: Publisher, settings: Settings) -> int:
    """Delivers the plan; how many records. Signals follow from the indicator records in the stage `signals`."""
    count = 0
    for topic, event in events(plan):
        if topic is Topic.GAPS:
            publisher.flush()
        partition = partition_of(event.symbol, settings.kafka.partitions)
        publisher.send(topic, partition, encode(event), event.symbol.encode(), {TYPE: _TYPES[topic]})
        count += 1
    publisher.flush()
    return count
