"""Sources of one symbol that come and go: whatever happens, each interval has one primary bar, and readers of the primary's series miss none."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from processors.bars.core import BarsCore
from processors.validate.core import ValidateCore
from processors.validate.limits import Limits
from processors.validate.primary import Candidate, choose
from runtime.settings import ProcessSettings, QualitySettings
from runtime.settings.failover import FailoverSettings
from runtime.stage import InputRecord, Output
from schemas.bars import Bar
from schemas.sources import PrimaryChange
from schemas.ticks import TickEnvelope, Watermark
from schemas.timeframes import MINUTE_NS, SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, as_inputs, events, final_bars, record, run, ticks_record, trade

SOURCES = ("binance", "coinbase", "kraken")
LIMITS = Limits.of(QualitySettings(), failover=FailoverSettings(settle_s=20))
PROCESS = ProcessSettings(timeframes=(Timeframe.M1, Timeframe.M5))
candidate = st.builds(Candidate, st.sampled_from(SOURCES), st.integers(0, 3), st.booleans(), st.booleans(), st.booleans())
candidates = st.lists(candidate, max_size=3, unique_by=lambda one: one.source)
stretch = st.tuples(st.integers(2, 100), st.sets(st.sampled_from(SOURCES)))
priorities = st.fixed_dictionaries({source: st.integers(1, 3) for source in SOURCES})


@given(candidates, st.sampled_from(SOURCES))
def test_a_choice_is_fresh_and_only_better(known: list[Candidate], primary: str) -> None:
    choice, by_source = choose(primary, known), {one.source: one for one in known}
    own = by_source.get(primary)
    if choice is None:
        others = [one for one in known if one.source != primary and one.is_fresh]
        assert not others or (own is not None and own.is_fresh)
        return
    chosen = by_source[choice.source]
    assert chosen.is_fresh
    assert chosen.source != primary
    if own is not None and own.is_fresh:
        assert choice.reason == "preferred"
        assert chosen.priority < own.priority
        assert chosen.is_settled


@given(candidates, st.sampled_from(SOURCES))
def test_a_choice_once_made_stays_while_nothing_changes(known: list[Candidate], primary: str) -> None:
    choice = choose(primary, known)
    if choice is not None:
        again = choose(choice.source, known)
        assert again is None or again.reason == "preferred"  # the settled ones may still be better than one that had to help out
        assert again is None or choose(again.source, known) is None


def log_of(stretches: Sequence[tuple[int, set[str]]], ranks: dict[str, int]) -> list[InputRecord]:
    """Living sources trade every five seconds and write a watermark every second."""
    records, at_s = list[InputRecord](), 0
    for length_s, living in stretches:
        for _ in range(length_s):
            at_s += 1
            for source in sorted(living):
                if at_s % 5 == 0:
                    records.append(ticks_record([trade(at_s, at_s)], source=source))
                ts_ns = T0_NS + at_s * SECOND_NS
                records.append(record(Watermark(source, 0, ts_ns, ts_ns, 0, ranks[source]), topic=Topic.TICKS_RAW))
    return records


def bars_of(validated: Sequence[Output]) -> list[Output]:
    return [one for one in run(BarsCore(PROCESS), as_inputs(validated, Topic.TICKS)) if one.topic is Topic.BARS]


@settings(max_examples=25)
@given(st.lists(stretch, min_size=2, max_size=8), priorities)
def test_ticks_have_one_primary_source_at_a_time_and_each_change_is_told(
    stretches: list[tuple[int, set[str]]], ranks: dict[str, int]
) -> None:
    outputs = run(ValidateCore(LIMITS), log_of(stretches, ranks))
    told: list[PrimaryChange] = events(outputs, Topic.SOURCES)
    assert [one.primary_epoch for one in told] == list(range(1, len(told) + 1))
    assert all(later.previous == earlier.source for earlier, later in pairwise(told))
    by_epoch: dict[int, set[str]] = defaultdict(set)
    for event in events(outputs, Topic.TICKS):
        if isinstance(event, TickEnvelope):
            for tick in event.ticks:
                if tick.primary:
                    by_epoch[tick.primary_epoch].add(event.source)
    assert all(len(sources) == 1 for sources in by_epoch.values())
    assert all(by_epoch[one.primary_epoch] <= {one.source} for one in told)


@settings(max_examples=25)
@given(st.lists(stretch, min_size=2, max_size=8), priorities)
@example([(53, {"binance"}), (6, {"coinbase"}), (2, {"binance"})], dict.fromkeys(SOURCES, 1))  # the primary's only bar is still open
def test_an_interval_has_one_primary_bar_and_none_that_every_source_closed_is_missed(
    stretches: list[tuple[int, set[str]]], ranks: dict[str, int]
) -> None:
    validated = run(ValidateCore(LIMITS), log_of(stretches, ranks))
    bars = final_bars(bars_of(validated))
    intervals: dict[tuple[str, int], list[Bar]] = defaultdict(list)
    for bar in bars.values():
        intervals[bar.timeframe, bar.ts_open_ns].append(bar)
    sources = {event.source for event in events(validated, Topic.TICKS) if isinstance(event, TickEnvelope)}
    for found in intervals.values():
        chosen = [bar for bar in found if bar.primary]
        assert len(chosen) <= 1
        assert chosen or len(found) < len(sources)


@settings(max_examples=25)
@given(st.integers(130, 260), st.integers(100, 200))
def test_the_primarys_minutes_go_on_without_a_hole_when_it_dies(dies_s: int, longer_s: int) -> None:
    log = log_of([(dies_s, {"binance", "coinbase"}), (longer_s, {"coinbase"})], dict.fromkeys(SOURCES, 1))
    bars = final_bars(bars_of(run(ValidateCore(LIMITS), log)))
    minutes = sorted((bar.ts_open_ns - T0_NS) // MINUTE_NS for bar in bars.values() if bar.primary and bar.timeframe == "1m")
    assert minutes == list(range(minutes[-1] + 1))
    assert minutes[-1] >= (dies_s + longer_s) // 60 - 2
