import math
import subprocess
import sys
from typing import Any

import pytest

from processors.indicators import agent
from processors.indicators.core import IndicatorsCore
from processors.indicators.series import HISTORY_BARS
from runtime.errors import FatalError, InvalidRecord, UserError
from runtime.settings import IndicatorSettings, ProcessSettings, Settings
from runtime.stage import Output
from schemas.bars import Bar
from schemas.codec import decode_indicators
from schemas.indicators import IndicatorRecord
from schemas.timeframes import MINUTE_NS
from schemas.topics import Topic
from tests.support import ROOT
from tests.unit.processors.inputs import T0_NS, record
from tests.unit.processors.test_indicator_formulas import walk

SETTINGS = ProcessSettings()


def bar(number: int, close: float | str, revision: int = 0, **more: Any) -> Bar:
    """The 1m bar that opens `number` minutes after T0."""
    text = close if isinstance(close, str) else f"{close:.2f}"
    ts_open_ns = T0_NS + number * MINUTE_NS
    fields = {"symbol": "BTC-USDT", "source": "binance", "timeframe": "1m", "quality": 1.0} | more
    kind = "corrected" if revision else "final"
    return Bar(
        **fields, ts_open_ns=ts_open_ns, ts_close_ns=ts_open_ns + MINUTE_NS, open=text, high=text, low=text, close=text, volume="1",
        quote_volume=text, vwap=text, trade_count=1, kind=kind, revision=revision, reasons=(), known_at_ns=ts_open_ns + MINUTE_NS + 7,
    )  # fmt: skip


def feed(core: IndicatorsCore, *bars: Bar) -> list[IndicatorRecord]:
    return [decode_indicators(output.value) for one in bars for output in core.apply(record(one, topic=Topic.BARS))]


def history(closes: list[float]) -> list[Bar]:
    return [bar(number, close) for number, close in enumerate(closes)]


def test_one_record_a_bar_with_all_indicators() -> None:
    core = IndicatorsCore(SETTINGS)
    records = feed(core, *history(walk(60, 1)))
    assert [one.seed_bars for one in records] == list(range(1, 61))
    last = records[-1]
    assert (last.close, last.revision, last.bar_revision, last.bar_kind, last.bar_quality) == (
        bar(0, walk(60, 1)[-1]).close,
        0,
        0,
        "final",
        1.0,
    )
    assert list(last.indicators) == ["rsi_14", "macd_12_26_9", "momentum_10"]
    assert set(last.indicators["macd_12_26_9"].values) == {"macd", "signal", "histogram", "previous_histogram"}
    assert all(value.warm for value in last.indicators.values())
    first = records[0]
    assert all(value.values == {} and not value.warm for value in first.indicators.values())
    assert last.known_at_ns == bar(59, "1").known_at_ns


def test_output_carries_key_and_type() -> None:
    (output,) = IndicatorsCore(SETTINGS).apply(record(bar(0, 1.0), topic=Topic.BARS))
    assert isinstance(output, Output)
    assert (output.topic, output.key, output.headers) == (Topic.INDICATORS, b"BTC-USDT", {"type": b"indicators"})


def test_series_are_apart_by_symbol_source_and_timeframe() -> None:
    core = IndicatorsCore(SETTINGS)
    bars = [bar(0, 1.0), bar(0, 2.0, symbol="ETH-USDT"), bar(0, 3.0, source="coinbase"), bar(0, 4.0, timeframe="5m")]
    assert [one.seed_bars for one in feed(core, *bars)] == [1, 1, 1, 1]


def test_a_corrected_bar_is_computed_again_with_all_that_follow() -> None:
    closes = walk(80, 3)
    core = IndicatorsCore(SETTINGS)
    before = feed(core, *history(closes))
    correction = bar(70, closes[70] + 50, revision=1)
    records = feed(core, correction)
    assert [((one.ts_open_ns - T0_NS) // MINUTE_NS, one.revision, one.bar_revision, one.bar_kind) for one in records] == [
        (70, 1, 1, "corrected"),
        *((number, 1, 0, "final") for number in range(71, 80)),
    ]
    assert {one.known_at_ns for one in records} == {correction.known_at_ns}
    fresh = feed(IndicatorsCore(SETTINGS), *history([*closes[:70], closes[70] + 50, *closes[71:]]))
    assert [one.indicators for one in records] == [one.indicators for one in fresh[70:]]
    assert records[-1].indicators != before[-1].indicators
    assert feed(core, bar(80, 60_000.0))[0].indicators == feed(_fed(fresh_closes(closes)), bar(80, 60_000.0))[0].indicators


def fresh_closes(closes: list[float]) -> list[float]:
    return [*closes[:70], closes[70] + 50, *closes[71:]]


def _fed(closes: list[float]) -> IndicatorsCore:
    core = IndicatorsCore(SETTINGS)
    feed(core, *history(closes))
    return core


def test_a_second_correction_raises_the_revisions_again() -> None:
    core = _fed(walk(20, 4))
    feed(core, bar(18, 1.0, revision=1))
    assert [(one.revision, one.bar_revision) for one in feed(core, bar(19, 1.0, revision=1))] == [(2, 1)]
    assert [(one.revision, one.bar_revision) for one in feed(core, bar(18, 2.0, revision=2))] == [(2, 2), (3, 1)]


def test_a_bar_that_came_late_goes_to_its_place() -> None:
    closes = walk(30, 5)
    bars = history(closes)
    core = IndicatorsCore(SETTINGS)
    feed(core, *bars[:20], *bars[21:])
    records = feed(core, bars[20])
    assert [(one.seed_bars, one.revision) for one in records] == [(21, 0), *((number, 1) for number in range(22, 31))]
    assert [one.indicators for one in records] == [one.indicators for one in feed(IndicatorsCore(SETTINGS), *bars)[20:]]


def test_the_same_bar_again_changes_nothing() -> None:
    core = _fed(walk(20, 6))
    state = core.snapshot()
    assert feed(core, bar(10, 1.0), bar(19, 1.0)) == []
    assert core.snapshot() == state


@pytest.mark.parametrize("number", [100 - HISTORY_BARS - 1, -1])
def test_behind_the_history_nothing_is_corrected(number: int) -> None:
    core = _fed(walk(100, 7))
    state = core.snapshot()
    assert feed(core, bar(number, 1.0, revision=1)) == []
    assert core.snapshot() == state
    assert len(feed(core, bar(100 - HISTORY_BARS, 1.0, revision=1))) == HISTORY_BARS


def test_a_bar_before_the_first_is_taken_while_nothing_was_forgotten() -> None:
    core = IndicatorsCore(SETTINGS)
    feed(core, bar(5, 1.0), bar(6, 2.0))
    assert [(one.seed_bars, one.revision) for one in feed(core, bar(1, 3.0))] == [(1, 0), (2, 1), (3, 1)]


@pytest.mark.parametrize("close", ["abc", "nan", "inf", "-1", "0", "1e999", "1e-320"])
def test_a_close_that_is_no_positive_number_is_refused(close: str) -> None:
    core = _fed(walk(20, 8))
    state = core.snapshot()
    with pytest.raises(InvalidRecord, match="not_a_number"):
        feed(core, bar(20, close))
    assert core.snapshot() == state


def test_other_parameters_begin_with_the_bars_that_are_kept() -> None:
    closes = walk(100, 9)
    other = ProcessSettings(rsi_period=5)
    core = IndicatorsCore(other)
    core.restore(_fed(closes).snapshot())
    (one,) = feed(core, bar(100, 60_000.0))
    assert (next(iter(one.indicators)), one.seed_bars) == ("rsi_5", HISTORY_BARS + 1)
    fresh = IndicatorsCore(other)
    assert one.indicators == feed(fresh, *history([*closes[-HISTORY_BARS:], 60_000.0]))[-1].indicators


def test_bytes_that_are_no_snapshot_stop_the_stage() -> None:
    with pytest.raises(FatalError, match="state cannot be read"):
        IndicatorsCore(SETTINGS).restore(b"\x93garbage")


def also(*names: str) -> ProcessSettings:
    return ProcessSettings(indicators=IndicatorSettings(also=names))


def traded(number: int, close: float, revision: int = 0) -> Bar:
    """A bar with extent and volume."""
    one = bar(number, close, revision)
    one.open, one.high, one.low, one.volume = (str(round(close * part, 2)) for part in (0.999, 1.001, 0.998, 0.0001 * (number % 7 + 1)))
    return one


def test_more_indicators_stand_after_the_three() -> None:
    records = feed(IndicatorsCore(also("atr", "bbands_10", "obv")), *(traded(*item) for item in enumerate(walk(40, 1))))
    assert list(records[-1].indicators) == ["rsi_14", "macd_12_26_9", "momentum_10", "atr_14", "bbands_10_2", "obv"]
    assert set(records[-1].indicators["bbands_10_2"].values) == {"upper", "middle", "lower"}
    assert records[-1].indicators["bbands_10_2"].parameters == {"period": 10.0, "deviations": 2.0}
    assert [one.indicators["atr_14"].warm for one in records[27:30]] == [False, True, True]


def test_a_correction_of_the_volume_alone_is_computed_again() -> None:
    bars = [traded(*item) for item in enumerate(walk(30, 2))]
    core = IndicatorsCore(also("obv", "vwap"))
    feed(core, *bars)
    bars[20] = traded(20, walk(30, 2)[20], revision=1)
    bars[20].volume = "5"
    records = feed(core, bars[20])
    assert [one.indicators for one in records] == [one.indicators for one in feed(IndicatorsCore(also("obv", "vwap")), *bars)[20:]]
    assert records[0].indicators["vwap_1440"].values["value"] != records[1].indicators["vwap_1440"].values["value"]


def test_only_what_the_chosen_indicators_read_of_past_bars_is_kept() -> None:
    bars = [traded(*item) for item in enumerate(walk(64, 3))]
    three, four = IndicatorsCore(SETTINGS), IndicatorsCore(also("atr"))
    feed(three, *bars)
    feed(four, *bars)
    assert len(three.snapshot()) < 5_000
    assert 64 * 30 < len(four.snapshot()) - len(three.snapshot()) < 64 * 45


def test_indicators_that_read_the_close_alone_begin_with_the_bars_that_are_kept() -> None:
    closes = walk(80, 4)
    core = IndicatorsCore(also("sma_5"))
    core.restore(_fed(closes).snapshot())
    (one,) = feed(core, bar(80, 60_000.0))
    assert (one.seed_bars, one.indicators["sma_5"].values) == (
        HISTORY_BARS + 1,
        {"value": pytest.approx(sum([*closes[-4:], 60_000.0]) / 5)},
    )


def test_indicators_that_read_more_than_was_kept_begin_with_the_next_bar() -> None:
    closes = walk(80, 5)
    core = IndicatorsCore(also("atr_2"))
    core.restore(_fed(closes).snapshot())
    assert feed(core, bar(79, 1.0, revision=1)) == []  # behind the new beginning
    following = [traded(80 + number, close) for number, close in enumerate(closes[:5])]
    assert feed(core, *following)[-1] == feed(IndicatorsCore(also("atr_2")), *following)[-1]
    again = IndicatorsCore(also("atr_2", "obv"))
    again.restore(core.snapshot())  # these bars were kept whole
    assert feed(again, traded(85, 60_000.0))[0].seed_bars == 6


@pytest.mark.parametrize("field", ["open", "high", "low", "volume"])
def test_no_part_of_a_bar_may_be_no_number(field: str) -> None:
    one = bar(0, 1.0)
    setattr(one, field, "-1")
    with pytest.raises(InvalidRecord, match=f"not_a_number.*{field} '-1' is no"):
        feed(IndicatorsCore(SETTINGS), one)


def test_prices_and_volumes_at_the_ends_of_what_is_taken_give_finite_values() -> None:
    core = IndicatorsCore(also("all"))
    for number in range(70):
        one = bar(number, "9e29" if number % 3 else "2e-30")
        one.low, one.high, one.volume = "2e-30", "9e29", ("9e29", "2e-30", "0")[number % 3]
        (event,) = feed(core, one)
        assert all(math.isfinite(value) for indicator in event.indicators.values() for value in indicator.values.values())


def test_a_running_stage_imports_neither_ta_lib_nor_numpy_nor_pandas() -> None:
    said = "import sys, processors.indicators.agent; print({'talib', 'numpy', 'pandas'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "set()"


def test_a_wrong_choice_is_told_before_the_stage_starts() -> None:
    with pytest.raises(UserError, match="'nix' is not known"):
        agent.spec(Settings(process=also("nix")))
