"""alerts: the same log gives the same alerts, wherever it is cut and whichever topic is read first; what is said always fits together."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.alerts.core import AlertsCore
from runtime.stage import InputRecord
from schemas.alerts import Alert
from schemas.topics import Topic
from tests.unit.processors.alert_inputs import alerts_of, as_records, bar, gap, indicators, put
from tests.unit.processors.inputs import run

RULES = [
    {"id": "high", "kind": "price_level", "direction": "above", "threshold": "101"},
    {"id": "hysteresis", "kind": "price_level", "direction": "below", "threshold": "100", "hysteresis": "1"},
    {"id": "rested", "kind": "price_level", "direction": "above", "threshold": "100", "cooldown_s": 180},
    {"id": "move", "kind": "price_change", "direction": "either", "threshold": "1", "bars": 3},
    {"id": "spike", "kind": "volume_spike", "threshold": "2", "bars": 5},
    {"id": "cross", "kind": "indicator_cross", "indicator": "rsi_14", "direction": "above", "threshold": "50"},
    {"id": "quality", "kind": "quality_below", "threshold": "0.9"},
    {"id": "gap", "kind": "gap_open"},
]
MINUTES = 20
STEP = st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from([0.8, 1.0]), st.integers(40, 60))


@st.composite
def logs(draw: st.DrawFn) -> list[InputRecord]:
    """Rules first, then minutes of bars and indicators with corrections of earlier ones, and gaps."""
    given_events: list[Any] = [
        put(rule) for rule in draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=4, unique_by=lambda one: one["id"]))
    ]
    revisions = dict.fromkeys(range(MINUTES), 0)
    for minute in range(MINUTES):
        close, volume, quality, rsi = draw(STEP)
        given_events += [bar(minute, f"{99 + close}", f"{volume}", quality=quality), indicators(minute, rsi=float(rsi))]
        if draw(st.integers(0, 4)) == 0:
            earlier = draw(st.integers(0, minute))
            revisions[earlier] += 1
            given_events.append(bar(earlier, f"{99 + draw(st.integers(0, 3))}", "2", revisions[earlier]))
        if draw(st.integers(0, 9)) == 0:
            given_events.append(gap(draw(st.integers(0, 3)), draw(st.sampled_from(["open", "filled", "partial"])), at_s=60 * minute))
    return as_records(given_events)


def interleaved(log: list[InputRecord], early: tuple[int, int], choices: Iterable[int]) -> list[InputRecord]:
    """The records of each topic in their order, the topics in any; early: how many bars and indicator records are read before the rules."""
    queues = {topic: [one for one in log if one.topic is topic] for topic in dict.fromkeys(one.topic for one in log)}
    result = []
    for topic, number in zip((Topic.BARS, Topic.INDICATORS), early, strict=True):
        result += [queues[topic].pop(0) for _ in range(number)]
    result += queues.pop(Topic.CONTROL)
    for choice in choices:
        waiting = [queue for queue in queues.values() if queue]
        if waiting:
            result.append(waiting[choice % len(waiting)].pop(0))
    return result + [one for queue in queues.values() for one in queue]


@given(logs(), st.lists(st.integers(0, 200), max_size=4))
@settings(max_examples=60)
def test_any_cut_by_crashes_gives_the_same_alerts(log: list[InputRecord], cuts: list[int]) -> None:
    expected = run(AlertsCore(), log)
    core, outputs, done = AlertsCore(), [], 0
    for cut in sorted(one % (len(log) + 1) for one in cuts):
        outputs += run(core, log[done:cut])
        successor = AlertsCore()
        successor.restore(core.snapshot())
        core, done = successor, cut
    assert outputs + run(core, log[done:]) == expected


@given(logs(), st.tuples(st.integers(0, 2), st.integers(0, 2)), st.lists(st.integers(0, 5), max_size=60))
@settings(max_examples=60)
def test_topics_may_be_read_in_any_order_among_each_other(log: list[InputRecord], early: tuple[int, int], choices: list[int]) -> None:
    """Rules that are read after some records included: the newest keep all their values for that."""
    expected, found = (standing(alerts_of(run(AlertsCore(), records))) for records in (log, interleaved(log, early, choices)))
    assert found == expected


@given(logs())
@settings(max_examples=60)
def test_what_is_said_fits_together(log: list[InputRecord]) -> None:
    found = alerts_of(run(AlertsCore(), log))
    assert len({one.alert_id for one in found}) == len(found)
    known: dict[str, Alert] = {}
    for one in found:
        if one.state == "raised":
            assert one.episode_id == one.alert_id
        elif one.state == "cleared":
            assert known[one.episode_id].state == "raised"
        else:
            assert known.pop(one.withdraws).episode_id == one.episode_id
            continue
        known[one.alert_id] = one
    cleared = [one.episode_id for one in known.values() if one.state == "cleared"]
    assert len(set(cleared)) == len(cleared)
    assert set(cleared) <= set(known)


@given(logs())
@settings(max_examples=60)
def test_corrections_end_where_the_corrected_log_would_have_begun(log: list[InputRecord]) -> None:
    """What stands after all corrections is what stands if each bar had come right at once."""
    newest: dict[tuple[str, int], int] = {}
    for position, record in enumerate(log):
        if record.topic.value == "market.bars":
            newest[record.topic.value, opened(record)] = position
    right = [
        InputRecord(one.topic, 0, one.offset, None, log[newest[one.topic.value, opened(one)]].value)
        if one.topic.value == "market.bars"
        else one
        for position, one in enumerate(log)
        if one.topic.value != "market.bars" or first_of(log, one) == position
    ]
    stripped = [{key[:5] for key in standing(alerts_of(run(AlertsCore(), records)))} for records in (log, right)]
    assert stripped[0] == stripped[1]


def opened(record: InputRecord) -> int:
    from schemas.codec import decode_bar

    return int(decode_bar(record.value).ts_open_ns)


def first_of(log: list[InputRecord], record: InputRecord) -> int:
    return next(position for position, one in enumerate(log) if one.topic is record.topic and opened(one) == opened(record))


def standing(found: list[Alert]) -> set[tuple[Any, ...]]:
    """What holds in the end: (rule, series, state, time, number)."""
    withdrawn = {one.withdraws for one in found}
    return {
        (one.rule_id, one.symbol, one.state, one.ts_event_ns, one.subject)
        for one in found
        if one.state != "withdrawn" and one.alert_id not in withdrawn
    }
