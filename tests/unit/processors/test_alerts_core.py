"""The stage alerts as a whole: corrections, rules that come, change and go, places in the log, bounds."""

import pytest
from msgspec.structs import replace

from processors.alerts.core import MAX_RULES, AlertsCore
from processors.alerts.gaps import KEPT_GAPS
from processors.alerts.rules import LOOKBACK_BARS
from processors.alerts.series import CORRECTED_BARS, QUIET_SAMPLES
from runtime.errors import InvalidRecord
from runtime.stage import InputRecord
from schemas.codec import encode
from schemas.control import RuleChange
from schemas.headers import IDENTITY
from schemas.reasons import Reason
from schemas.sources import SourceState
from schemas.topics import Topic
from tests.unit.processors.alert_inputs import (
    PRICE,
    alerts,
    alerts_of,
    as_records,
    bar,
    closes,
    gap,
    indicators,
    put,
    remove,
    said,
)
from tests.unit.processors.inputs import run

DOWN = {"id": "down", "kind": "source_down", "silent_s": 150}


def test_a_correction_that_takes_the_cause_away_withdraws_the_alert() -> None:
    raised, withdrawn = alerts(put(PRICE), *closes(99, 101), bar(1, "99.5", revision=1))
    assert (withdrawn.state, withdrawn.reason, withdrawn.measured) == ("withdrawn", "correction", "101")
    assert withdrawn.withdraws == withdrawn.episode_id == raised.alert_id
    assert (withdrawn.revision, withdrawn.known_at_ns) == (1, bar(1, revision=1).known_at_ns)
    assert withdrawn.alert_id != raised.alert_id


def test_a_correction_that_keeps_the_cause_says_nothing() -> None:
    assert len(alerts(put(PRICE), *closes(99, 101), bar(1, "105", revision=1))) == 1


def test_a_correction_of_an_older_bar_raises_where_it_should_have() -> None:
    assert said(put(PRICE), *closes(99, 99, 99), bar(1, "101", revision=1)) == [("raised", 1, "101"), ("cleared", 2, "99")]


def test_a_correction_moves_the_raise() -> None:
    found = alerts(put(PRICE), *closes(99, 101, 102), bar(1, "99", revision=1), bar(3, "99"))
    assert [(one.state, one.measured) for one in found] == [("raised", "101"), ("withdrawn", "101"), ("raised", "102"), ("cleared", "99")]
    assert found[3].episode_id == found[2].alert_id


def test_a_clearing_that_a_correction_takes_away_is_withdrawn_and_the_episode_goes_on() -> None:
    found = alerts(put(PRICE), *closes(101, 99, 101), bar(1, "100.5", revision=1), bar(3, "98"))
    assert [one.state for one in found] == ["raised", "cleared", "raised", "withdrawn", "withdrawn", "cleared"]
    assert [one.withdraws for one in found[3:5]] == [found[1].alert_id, found[2].alert_id]
    assert found[5].episode_id == found[0].alert_id


def test_what_was_withdrawn_and_comes_again_is_an_event_of_its_own() -> None:
    found = alerts(put(PRICE), bar(0, "101"), *(bar(0, price, revision=number) for number, price in enumerate(("99", "101", "99"), 1)))
    assert [one.state for one in found] == ["raised", "withdrawn", "raised", "withdrawn"]
    assert len({one.alert_id for one in found}) == 4


def test_corrected_indicators_are_judged_again() -> None:
    rule = {"id": "rsi", "kind": "indicator_level", "indicator": "rsi_14", "direction": "below", "threshold": "30"}
    found = alerts(put(rule), indicators(0, rsi=29.0), indicators(1, rsi=31.0), indicators(0, rsi=30.5, revision=1))
    assert [one.state for one in found] == ["raised", "cleared", "withdrawn", "withdrawn"]


def test_a_bar_that_comes_late_is_put_where_it_belongs() -> None:
    assert said(put(PRICE), bar(0, "99"), bar(2, "99"), bar(1, "101")) == [("raised", 1, "101"), ("cleared", 2, "99")]


def test_corrections_reach_as_far_as_samples_are_kept() -> None:
    bars = closes(*[99] * 300)
    last = 299
    assert len(alerts(put(PRICE), *bars, bar(last - CORRECTED_BARS + 1, "101", revision=1))) == 2
    assert alerts(put(PRICE), *bars, bar(last - CORRECTED_BARS, "101", revision=1)) == []
    assert alerts(put(PRICE), *bars, bar(0, "101", revision=1)) == []


def test_an_episode_longer_than_what_is_kept_is_still_cleared_once() -> None:
    found = alerts(put(PRICE), *closes(*[101] * 200, 99), bar(199, "102", revision=1))
    assert [one.state for one in found] == ["raised", "cleared"]
    assert found[1].episode_id == found[0].alert_id


def test_the_same_bar_again_is_a_duplicate() -> None:
    assert len(alerts(put(PRICE), bar(0, "101"), bar(0, "99"), bar(0, "99"))) == 1


def test_a_rule_holds_from_its_place_in_the_log_whenever_it_is_read() -> None:
    bars = closes(99, 101, 99, 101, 101)
    rule = put(PRICE, bars=2)
    expected = alerts(rule, *bars)
    assert [(one.state, one.measured) for one in expected] == [("raised", "101")]
    for at in range(len(bars) + 1):
        assert alerts(*bars[:at], rule, *bars[at:]) == expected


def test_a_late_rule_knows_the_bar_before_it() -> None:
    cross = {"id": "c", "kind": "indicator_cross", "indicator": "rsi_14", "direction": "above", "threshold": "50"}
    records = [indicators(0, rsi=40.0), indicators(1, rsi=60.0)]
    assert len(alerts(put(cross, indicators=1), *records)) == len(alerts(*records, put(cross, indicators=1))) == 1
    assert alerts(put(cross, indicators=2), *records) == []


def test_a_gap_that_was_filled_is_not_opened_again_by_a_process_that_is_behind() -> None:
    rule = put({"id": "gaps", "kind": "gap_open"})
    assert [one.state for one in alerts(rule, gap(1), gap(1, "filled"), gap(1), gap(1, "filled"))] == ["raised", "cleared"]
    assert alerts(rule, gap(1, "filled"), gap(1)) == []


def test_late_rules_of_gaps_and_sources() -> None:
    rule = {"id": "gaps", "kind": "gap_open"}
    gaps = [gap(1), gap(2), gap(3), gap(2, "filled")]
    assert [one.subject for one in alerts(*gaps, put(rule, gaps=1))] == ["gap-3"]
    assert [one.subject for one in alerts(*gaps, put(rule, gaps=3))] == []
    bars = [bar(0), *(bar(minute, symbol="ETH-USDT") for minute in range(6))]
    assert [one.alert_id for one in alerts(*bars, put(DOWN))] == [one.alert_id for one in alerts(put(DOWN), *bars)]
    assert alerts(*bars, put(DOWN, bars=7)) == []


def test_the_same_rule_again_changes_nothing() -> None:
    assert len(alerts(put(PRICE), bar(0, "101"), put(PRICE), bar(1, "102"))) == 1


def test_a_changed_rule_clears_what_the_old_one_raised_and_judges_anew() -> None:
    found = alerts(put(PRICE), bar(0, "101"), put(PRICE | {"threshold": "100.5"}, bars=1), bar(1, "102"))
    assert [(one.state, one.reason, one.threshold) for one in found] == [
        ("raised", "condition", "100"),
        ("cleared", "rule_changed", "100"),
        ("raised", "condition", "100.5"),
    ]
    assert found[0].rule_version == found[1].rule_version != found[2].rule_version


def test_a_removed_or_disabled_rule_clears_what_it_raised_and_ends() -> None:
    for change in (remove("high"), put(PRICE | {"enabled": False})):
        found = alerts(put(PRICE), bar(0, "101"), change, *closes(99, 101, first=1))
        assert [one.state for one in found] == ["raised", "cleared"]
    assert alerts(remove("high"), bar(0, "101")) == []
    gap_rule = {"id": "gaps", "kind": "gap_open"}
    assert [one.reason for one in alerts(put(gap_rule), gap(1), remove("gaps"), gap(1, "filled"))] == ["condition", "rule_removed"]
    bars = [bar(0), *(bar(minute, symbol="ETH-USDT") for minute in range(6))]
    assert [one.reason for one in alerts(put(DOWN), *bars, remove("down"), bar(6))] == ["condition", "rule_removed"]


def test_snapshot_and_restore_at_every_record() -> None:
    rules = [
        put(PRICE),
        put(DOWN),
        put({"id": "gaps", "kind": "gap_open"}),
        put({"id": "v", "kind": "volume_spike", "threshold": "2", "bars": 3}),
    ]
    events = [
        *rules,
        *closes(*[99, 101, 103, 99, 98, 102] * 3),
        gap(1),
        bar(5, "101", revision=1),
        bar(30, symbol="ETH-USDT"),
        gap(1, "filled"),
    ]
    records = as_records(events)
    expected = run(AlertsCore(), records)
    core, outputs = AlertsCore(), []
    for record in records:
        successor = AlertsCore()
        successor.restore(core.snapshot())
        core = successor
        outputs += core.apply(record)
    assert outputs == expected
    assert len(expected) > 8


def test_alerts_have_no_identity_of_a_record_but_their_own() -> None:
    outputs = run(AlertsCore(), as_records([put(PRICE), bar(0, "101")]))
    assert [one.headers for one in outputs] == [{"type": b"alert", IDENTITY: b""}]
    assert outputs[0].key == b"BTC-USDT"


@pytest.mark.parametrize("close", ["abc", "-1", "NaN", "Infinity", "1e999999", "1e-999999", ""])
def test_a_bar_without_numbers_is_refused_and_changes_nothing(close: str) -> None:
    core = AlertsCore()
    run(core, as_records([put(PRICE), bar(0, "101")]))
    before = core.snapshot()
    with pytest.raises(InvalidRecord, match="not_a_number"):
        core.apply(InputRecord(Topic.BARS, 0, 9, None, encode(bar(1, close))))
    assert core.snapshot() == before


@pytest.mark.parametrize(
    "change",
    [
        RuleChange("put", "high", None, {}, 0),
        RuleChange("put", "other", put(PRICE).rule, {}, 0),
        RuleChange("put", "high", replace(put(PRICE).rule, source="!"), {}, 0),
    ],
)
def test_a_change_without_a_usable_rule_is_refused(change: RuleChange) -> None:
    with pytest.raises(InvalidRecord) as caught:
        alerts(change)
    assert caught.value.reason == Reason.INVALID_FIELD


def test_samples_that_nobody_looked_at_are_judged_as_others_once_a_rule_comes() -> None:
    bars = [*closes(99, 101, 99, 99, 102, 103, 99), bar(3, "105", revision=1), *closes(104, 99, first=7)]
    quiet, watched = AlertsCore(), AlertsCore()
    run(watched, as_records([put(PRICE)]))
    found = alerts_of(run(watched, as_records(bars)))
    assert not run(quiet, as_records(bars))
    assert any(one.packed for one in quiet._series.values())
    restored = AlertsCore()
    restored.restore(quiet.snapshot())
    late = alerts_of(run(restored, as_records([put(PRICE)])))
    standing = [one for one in found if one.state != "withdrawn" and not any(other.withdraws == one.alert_id for other in found)]
    assert [(one.state, one.ts_event_ns, one.measured) for one in late] == [
        (one.state, one.ts_event_ns, one.measured) for one in sorted(standing, key=lambda one: one.ts_event_ns)
    ]
    assert len(late) > 4


def test_state_is_bounded() -> None:
    core = AlertsCore()
    rule = {"id": "gaps", "kind": "gap_open"}
    run(core, as_records([put(rule), *closes(*range(1, 400)), *(indicators(minute, rsi=1.0) for minute in range(400))]))
    assert [len(one.packed) + len(one.samples) for one in core._series.values()] == [QUIET_SAMPLES] * 2
    run(core, as_records([put(PRICE)]))
    run(core, as_records(closes(*[99, 101] * 400, first=400)))
    (history,) = (one for key, one in core._series.items() if key[0] == "market.bars")
    assert len(history.samples) == LOOKBACK_BARS + CORRECTED_BARS
    assert len(history.tracks["high"].said) <= CORRECTED_BARS
    outputs = run(core, as_records(gap(number) for number in range(KEPT_GAPS + 1)))
    assert len(core._gaps.kept) == KEPT_GAPS
    assert alerts_of(outputs)[-1].reason == "forgotten"


def test_rules_are_bounded() -> None:
    core = AlertsCore()
    run(core, as_records(put(PRICE | {"id": f"r{number}"}) for number in range(MAX_RULES)))
    with pytest.raises(InvalidRecord, match="remove one"):
        run(core, as_records([put(PRICE)]))
    run(core, as_records([put(PRICE | {"id": "r5", "threshold": "7"})]))


def test_what_operators_ask_of_sources_is_no_alert() -> None:
    core = AlertsCore()
    assert not list(core.apply(InputRecord(Topic.SOURCES, 0, 0, b"binance", encode(SourceState("binance", True, 10, 0)))))
