"""Provider bars through the stage's core: Yahoo's recorded defects under their reasons, the corrected versions, missing rows as gaps, and restarts."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.bars import Bar, ProviderActions, ProviderBar
from schemas.gaps import Gap
from schemas.reasons import Reason
from schemas.timeframes import DAY_NS, MINUTE_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, gaps_of, record
from tests.unit.processors.test_bars_provider_rules import DEFECTS, SSW_LEFT, needs_yahoo, read

LISTED = ProcessSettings(provider_bars=("yahoo",), asset_classes={"ALWAYS": "crypto"})
REFUSED = {Reason.PRICE_SCALE, Reason.OHLC_VIOLATION}
Told = list[tuple[str, Reason]]


def raw(bars: Iterable[ProviderBar]) -> list[InputRecord]:
    return [record(bar, offset, Topic.BARS_RAW) for offset, bar in enumerate(bars)]


def fed(core: BarsCore, bars: Iterable[ProviderBar], restarts: bool = False) -> list[Output]:
    """restarts: after every record the core is another one, with its state."""
    outputs: list[Output] = []
    for one in raw(bars):
        outputs += core.apply(one)
        if restarts:
            core, before = BarsCore(LISTED), core
            core.restore(before.snapshot())
    return outputs


def recorded(name: str) -> list[ProviderBar]:
    """As an ingestor sends one answer of Yahoo's: one time of receipt, and what is said beside the bars."""
    yahoo = read(name)
    splits = tuple((opens, str(split)) for opens, split in sorted(yahoo.actions.splits.items()))
    return [_with_actions(bar, splits, yahoo.actions.dividends, yahoo.actions.adjusted_closes) for bar in yahoo.bars]


def _with_actions(bar: Bar, splits: Any, dividends: Any, adjusted: Any) -> ProviderBar:
    opens = bar.ts_open_ns
    text = {field: _text(getattr(bar, field)) for field in ("open", "high", "low", "close")}
    actions = ProviderActions(splits, True, _text(dividends.get(opens, "")), _text(adjusted.get(opens, "")))
    fields = structs.asdict(bar) | text | {"known_at_ns": 1, "symbol": "ALWAYS", "actions": actions}
    return ProviderBar(**fields)


def _text(number: Any) -> str:
    return format(Decimal(number).quantize(Decimal("1e-12")).normalize(), "f") if number != "" else ""


def first_of_runs(bars: Sequence[ProviderBar], outputs: list[Output], days: dict[int, str]) -> Told:
    """Where something is found: refused bars at the first of a run and at the one that ends it (if it is of scale), odd ones each."""
    refused = {letter.offset: Reason(letter.reason) for letter in events(outputs, Topic.DLQ)}
    told: Told = []
    for offset, bar in enumerate(bars):
        now, before = refused.get(offset), refused.get(offset - 1)
        if now and (now != before or now is Reason.OHLC_VIOLATION):
            told.append((days[bar.ts_open_ns], now))
        if before is Reason.PRICE_SCALE and now is None:
            told.append((days[bar.ts_open_ns], before))
    for published in events(outputs, Topic.BARS):
        told += [(days[published.ts_open_ns], Reason(reason)) for reason in published.reasons if reason != Reason.MISSING_INTERVAL]
    return sorted(told)


@needs_yahoo
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("name", DEFECTS)
def test_each_recorded_defect_runs_through_the_stage_under_its_reason(name: str, restarts: bool) -> None:
    bars, days = recorded(name), read(name).days
    outputs = fed(BarsCore(LISTED), bars, restarts)
    told = first_of_runs(bars, outputs, days)
    # A bar whose own prices contradict each other by 100, and those at the other scale after it, are one run to the stage.
    assert set(told) == set(DEFECTS[name])
    for bar in events(outputs, Topic.BARS):
        weight = {"split_suspected": 0.5, "adjustment_missing": 0.3, "missing_interval": 0.3}
        assert bar.quality == pytest.approx(1 - sum(weight[reason] for reason in bar.reasons))
    assert len(events(outputs, Topic.BARS)) + len(events(outputs, Topic.DLQ)) == len(bars)


@needs_yahoo
@pytest.mark.parametrize("name", DEFECTS)
def test_the_corrected_version_passes_the_stage(name: str) -> None:
    bars, days = recorded(f"{name}-fixed"), read(f"{name}-fixed").days
    assert first_of_runs(bars, fed(BarsCore(LISTED), bars), days) == (SSW_LEFT if name.startswith("SSW") else [])


@needs_yahoo
def test_a_day_that_is_missing_is_a_gap_by_the_market_s_calendar() -> None:
    bars = [structs.replace(bar, symbol="8TRA") for bar in recorded("8TRA-DE-1d-missing-div-adjust-fixed")]
    outputs = fed(BarsCore(LISTED), bars)
    (gap,) = gaps_of(outputs)
    assert (gap.channel, gap.cause, gap.state, gap.size) == ("bar", "sequence", "open", 1)  # Thursday 2023-06-01, and not the weekend
    assert gap.from_ns == bars[1].ts_close_ns
    assert gap.to_ns == bars[2].ts_open_ns
    assert [bar.reasons for bar in events(outputs, Topic.BARS) if bar.reasons] == [("missing_interval",)]


@needs_yahoo
def test_quarters_of_an_hour_with_extended_hours_leave_no_gap() -> None:
    bars = [
        structs.replace(bar, symbol="EA", timeframe="15m", ts_close_ns=bar.ts_open_ns + 15 * MINUTE_NS)
        for bar in recorded("EA-15m-no-bad-divs")
    ]
    outputs = fed(BarsCore(LISTED), bars)
    assert len(events(outputs, Topic.BARS)) == len(bars) > 100
    assert events(outputs, Topic.DLQ) == []
    assert gaps_of(outputs) == []


def minute(number: int, close: str = "100", **more: Any) -> ProviderBar:
    opens = T0_NS + number * MINUTE_NS
    fields: dict[str, Any] = {"symbol": "ALWAYS", "known_at_ns": opens + MINUTE_NS, "revision": 0} | more
    return ProviderBar(
        source="yahoo", timeframe="1m", ts_open_ns=opens, ts_close_ns=opens + MINUTE_NS, open=close, high=close, low=close, close=close,
        volume="1", quote_volume="1", vwap=close, trade_count=0, kind="provider", quality=1.0, reasons=(), **fields,
    )  # fmt: skip


def states(outputs: list[Output]) -> list[tuple[str, str, int, int]]:
    return [(gap.cause, gap.state, gap.size, gap.filled) for gap in gaps_of(outputs)]


def test_a_gap_is_filled_by_the_bars_that_were_missing() -> None:
    outputs = fed(BarsCore(LISTED), [minute(0), minute(3), minute(1), minute(1), minute(2), minute(4)], restarts=True)
    assert states(outputs) == [("sequence", "open", 2, 0), ("sequence", "filled", 2, 2)]
    first, last = gaps_of(outputs)
    assert first.gap_id == last.gap_id == f"yahoo:ALWAYS:bar:1m:{T0_NS + MINUTE_NS}:{T0_NS + 3 * MINUTE_NS}"


def test_bars_that_were_refused_are_a_gap_until_they_come_right() -> None:
    outputs = fed(BarsCore(LISTED), [minute(0), minute(1, "1"), minute(2, "1"), minute(3), minute(1), minute(2)])
    assert [letter.reason for letter in events(outputs, Topic.DLQ)] == ["price_scale"] * 2
    assert states(outputs) == [("dead_letter", "open", 2, 0), ("dead_letter", "filled", 2, 2)]


def test_another_scale_is_believed_in_the_end() -> None:
    outputs = fed(BarsCore(LISTED), [minute(0), *(minute(number, "1") for number in range(1, 30))], restarts=True)
    assert len(events(outputs, Topic.DLQ)) == 20
    believed, *rest = events(outputs, Topic.BARS)[1:]
    assert (believed.ts_open_ns, believed.reasons, believed.quality) == (minute(21).ts_open_ns, ("missing_interval", "price_scale"), 0.0)
    assert [bar.quality for bar in rest] == [1.0] * 8


def test_at_most_sixteen_holes_are_kept() -> None:
    outputs = fed(BarsCore(LISTED), [minute(2 * number) for number in range(20)])
    assert states(outputs).count(("sequence", "unfillable", 1, 0)) == 3
    assert len(gaps_of(outputs)) == 19 + 3


def test_a_live_series_steps_at_its_split_and_one_answer_does_not() -> None:
    """Bars received at different times are not adjusted to each other: Tuesday's price before Wednesday's split was right on Tuesday."""
    split = ProviderActions(splits=((minute(1).ts_open_ns, "5"),))
    live = fed(BarsCore(LISTED), [minute(0, "100"), minute(1, "20", actions=split)])
    together = fed(BarsCore(LISTED), [minute(0, "100", known_at_ns=9), minute(1, "20", actions=split, known_at_ns=9)])
    assert [bar.reasons for bar in events(live, Topic.BARS)] == [(), ()]
    assert [bar.reasons for bar in events(together, Topic.BARS)] == [(), ("split_suspected",)]
    assert [type(bar) for bar in events(together, Topic.BARS)] == [Bar, Bar]
    assert b"actions" not in together[1].value


def test_a_revised_bar_is_compared_with_the_one_before_it_and_opens_nothing() -> None:
    later = T0_NS + DAY_NS
    outputs = fed(
        BarsCore(LISTED), [minute(0), minute(1), minute(2), minute(1, "1", known_at_ns=later), minute(1, "101", known_at_ns=later)]
    )
    assert [letter.offset for letter in events(outputs, Topic.DLQ)] == [3]
    assert gaps_of(outputs) == list[Gap]()
    assert [(bar.close, bar.revision) for bar in events(outputs, Topic.BARS)] == [("100", 0), ("100", 0), ("100", 0), ("101", 1)]


def test_the_first_bar_of_a_day_s_series_follows_its_weekend() -> None:
    days = [
        structs.replace(minute(0, symbol="AAPL"), timeframe="1d", ts_open_ns=T0_NS + day * DAY_NS, ts_close_ns=T0_NS + (day + 1) * DAY_NS)
        for day in (1, 2, 3, 4, 7, 9)
    ]
    (gap,) = gaps_of(fed(BarsCore(LISTED), days))
    assert (gap.from_ns, gap.to_ns, gap.size) == (T0_NS + 8 * DAY_NS, T0_NS + 9 * DAY_NS, 1)
