"""Bars that a provider restates: the next revision of theirs, through indicators and signals, exact under restarts and repeats, and bounded."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from processors.bars.core import BarsCore
from processors.indicators.core import IndicatorsCore
from processors.signals.core import SignalsCore
from runtime.metrics import DROPPED
from runtime.settings import ProcessSettings
from runtime.stage import Output
from schemas.bars import Bar, BidAsk, ProviderBar
from schemas.codec import encode
from schemas.reasons import Reason
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, as_inputs, events, gaps_of, record, run
from tests.unit.processors.test_bars_provider_series import LISTED, fed, minute

LATER_NS = T0_NS + DAY_NS


def again(number: int, close: str, known_at_ns: int = LATER_NS, **more: Any) -> ProviderBar:
    return minute(number, close, known_at_ns=known_at_ns, again=True, **more)


def said(outputs: Sequence[Output]) -> list[tuple[int, str, int]]:
    """(minute, close, revision) of each published bar."""
    return [((bar.ts_open_ns - T0_NS) // 60_000_000_000, bar.close, bar.revision) for bar in events(outputs, Topic.BARS)]


def dropped(reason: Reason) -> float:
    return DROPPED.labels("bars", reason.value)._value.get()


@pytest.mark.parametrize("restarts", [False, True])
def test_other_numbers_of_an_interval_are_its_next_revision_with_their_own_time(restarts: bool) -> None:
    bars = [minute(0), minute(1), again(0, "101"), again(0, "101", LATER_NS + 1), again(0, "100", LATER_NS + 2), minute(2)]
    outputs = fed(BarsCore(LISTED), bars, restarts)
    assert said(outputs) == [(0, "100", 0), (1, "100", 0), (0, "101", 1), (0, "100", 2), (2, "100", 0)]
    revised = events(outputs, Topic.BARS)[2]
    assert (type(revised), revised.known_at_ns, revised.kind) == (Bar, LATER_NS, "provider")
    assert b"again" not in encode(revised)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_repeat_of_the_log_from_any_place_changes_nothing(restarts: bool) -> None:
    bars = [minute(0), minute(1), again(0, "101"), again(0, "102", LATER_NS + 1), again(0, "100", LATER_NS + 2), minute(2)]
    once = said(fed(BarsCore(LISTED), bars, restarts))
    for at in range(len(bars)):
        assert said(fed(BarsCore(LISTED), [*bars, *bars[at:]], restarts)) == once


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({"open": "100.00", "volume": "1.0", "vwap": "100.0"}, False),
        ({"known_at_ns": LATER_NS, "quality": 0.5, "primary": False}, False),
        ({"volume": "2"}, True),
        ({"trade_count": 7}, True),
        ({"sides": BidAsk("1", "1", "1", "1", "2", "2", "2", "2")}, True),
    ],
)
def test_what_makes_another_statement(changes: dict[str, Any], is_other: bool) -> None:
    bar = structs.replace(minute(0), **{"known_at_ns": LATER_NS} | changes)
    assert len(said(fed(BarsCore(LISTED), [minute(0), bar]))) == 1 + is_other


def test_a_revision_that_comes_with_its_number_holds_and_the_next_follows_it() -> None:
    """As an import or a backfill sends it, which knows what is stored; their bars may have been known since their close."""
    outputs = fed(BarsCore(LISTED), [minute(0), minute(0, "101", revision=3), again(0, "102"), minute(0, "101", revision=3)])
    assert said(outputs) == [(0, "100", 0), (0, "101", 3), (0, "102", 4)]


def test_what_lies_behind_the_history_is_counted_and_told_as_a_gap_until_it_comes_under_a_revision() -> None:
    core, before = BarsCore(LISTED), dropped(Reason.BEHIND_HISTORY)
    bars = [minute(number) for number in range(66)]
    outputs = fed(core, [*bars, again(1, "101"), again(2, "101"), again(1, "101"), again(1, "103", LATER_NS + 1)])
    assert said(outputs)[66:] == [(2, "101", 1)]
    assert dropped(Reason.BEHIND_HISTORY) == before + 3
    outputs += run(core, [record(minute(1, "103", revision=1), 80, Topic.BARS_RAW), record(minute(0), 81, Topic.BARS_RAW)])
    assert said(outputs)[67:] == [(1, "103", 1), (0, "100", 0)]  # one of a backfill that is not stored yet fills a hole
    assert [(gap.channel, gap.cause, gap.state, gap.size, gap.filled) for gap in gaps_of(outputs)] == [
        ("bar", "dropped", "open", 1, 0),
        ("bar", "dropped", "filled", 1, 1),
    ]


def test_the_history_is_as_long_as_the_setting_says() -> None:
    settings = ProcessSettings(provider_bars=("yahoo",), asset_classes={"ALWAYS": "crypto"}, history_bars=500)
    core = BarsCore(settings)
    run(core, [record(minute(number), number, Topic.BARS_RAW) for number in range(501)])
    assert said(run(core, [record(again(number, "101"), 600, Topic.BARS_RAW) for number in (0, 1, 500)])) == [
        (1, "101", 1),
        (500, "101", 1),
    ]


def test_a_series_that_was_stored_before_revisions_were_knows_its_newest_bars() -> None:
    core = BarsCore(LISTED)
    fed(core, [minute(number) for number in range(20)])
    for series in core._provider._series.values():
        series.revisions.published, series.revisions.forgotten_ns = [], 0
        core._provider._series.touch(("ALWAYS", "yahoo", "1m"))
    renewed = BarsCore(LISTED)
    renewed.restore(core.snapshot())
    outputs = run(renewed, [record(again(number, "101"), 30 + number, Topic.BARS_RAW) for number in (3, 4, 19)])
    assert said(outputs) == [(4, "101", 1), (19, "101", 1)]


def test_indicators_and_signals_follow_as_they_do_a_correction_of_our_own() -> None:
    closes = ["100", "101", "99", "102", "103", "101", "104", "102", "105", "103"] * 5
    bars = [minute(number, close) for number, close in enumerate(closes)]
    restated = [again(number, str(int(closes[number]) + 7)) for number in (40, 45)]
    indicators, signals = IndicatorsCore(LISTED), SignalsCore(LISTED)
    outputs = run(indicators, as_inputs(fed(BarsCore(LISTED), [*bars, *restated]), Topic.BARS))
    told = run(signals, as_inputs(outputs, Topic.INDICATORS))
    newest = {one.ts_open_ns: one for one in events(told, Topic.SIGNALS)}
    assert [newest[minute(number).ts_open_ns].revision for number in (39, 40, 44, 45, 49)] == [0, 1, 1, 2, 2]
    assert [newest[minute(number).ts_open_ns].bar_revision for number in (39, 40, 44, 45, 49)] == [0, 1, 0, 1, 0]
    assert newest[minute(49).ts_open_ns].known_at_ns == LATER_NS
    right = [restated[0] if number == 40 else restated[1] if number == 45 else bar for number, bar in enumerate(bars)]
    plain = run(IndicatorsCore(LISTED), as_inputs(fed(BarsCore(LISTED), right), Topic.BARS))
    wanted = {one.ts_open_ns: one.indicators for one in events(plain, Topic.INDICATORS)}
    assert {one.ts_open_ns: one.indicators for one in events(outputs, Topic.INDICATORS)} == wanted
