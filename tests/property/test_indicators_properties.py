"""indicators: the stream equals TA-Lib over the whole history, after a crash anywhere and after any corrections."""

import numpy as np
import talib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processors.indicators.core import IndicatorsCore
from runtime.settings import ProcessSettings
from schemas.bars import Bar
from schemas.indicators import IndicatorRecord
from tests.unit.processors.test_indicators_core import bar, feed

CLOSES = st.lists(st.integers(1, 10_000_000).map(lambda cents: cents / 100), min_size=1, max_size=120)
PERIODS = st.builds(
    ProcessSettings,
    rsi_period=st.integers(2, 20),
    macd_fast=st.integers(2, 12),
    macd_slow=st.integers(13, 30),
    macd_signal=st.integers(2, 12),
    momentum_period=st.integers(1, 20),
)


def oracle(closes: list[float], chosen: ProcessSettings) -> list[dict[str, dict[str, float]]]:
    """Values of every bar by TA-Lib's batch functions; absent where it says NaN."""
    array = np.array(closes)
    macd = talib.MACD(array, chosen.macd_fast, chosen.macd_slow, chosen.macd_signal)
    rsi = talib.RSI(array, chosen.rsi_period)
    rsi[~np.isnan(rsi) & (array == array[0]).cumprod().astype(bool)] = 50.0  # of prices that never moved, of which TA-Lib says 0
    columns = {
        "rsi": {"value": rsi},
        "macd": dict(zip(("macd", "signal", "histogram"), macd, strict=True)) | {"previous_histogram": np.roll(macd[2], 1)},
        "momentum": {"value": talib.ROCP(array, chosen.momentum_period)},
    }
    columns["macd"]["previous_histogram"][0] = np.nan
    return [
        {name: {output: column[row] for output, column in values.items() if not np.isnan(column[row])} for name, values in columns.items()}
        for row in range(len(closes))
    ]


def assert_equal(records: list[IndicatorRecord], expected: list[dict[str, dict[str, float]]], largest: float) -> None:
    assert len(records) == len(expected)
    for seed_bars, (record, values) in enumerate(zip(records, expected, strict=True), 1):
        assert record.seed_bars == seed_bars
        for value in record.indicators.values():
            assert value.values.keys() == values[value.name].keys()
            for output, number in value.values.items():
                # rel 1e-12; MACD's lines are differences of means as large as the prices, whose own last bits count
                allowed = 1e-12 * abs(values[value.name][output]) + (1e-14 * largest if value.name == "macd" else 1e-12)
                assert abs(number - values[value.name][output]) <= allowed


def restarted(core: IndicatorsCore, chosen: ProcessSettings) -> IndicatorsCore:
    other = IndicatorsCore(chosen)
    other.restore(core.snapshot())
    return other


@example(closes=[0.01, 0.01, 0.01], chosen=ProcessSettings(rsi_period=2), crashes=set())
@given(CLOSES, PERIODS, st.sets(st.integers(0, 120), max_size=4))
@settings(max_examples=60)
def test_stream_is_batch_whatever_the_crashes(closes: list[float], chosen: ProcessSettings, crashes: set[int]) -> None:
    core, records, without_crash = IndicatorsCore(chosen), list[IndicatorRecord](), IndicatorsCore(chosen)
    for number, close in enumerate(closes):
        core.snapshot()
        if number in crashes:
            core = restarted(core, chosen)
        records += feed(core, bar(number, close))
    assert_equal(records, oracle(closes, chosen), max(closes))
    assert records == feed(without_crash, *(bar(number, close) for number, close in enumerate(closes)))


@given(CLOSES, PERIODS, st.data())
@settings(max_examples=60)
def test_after_corrections_and_late_bars_the_newest_records_are_those_of_the_corrected_history(
    closes: list[float], chosen: ProcessSettings, data: st.DataObject
) -> None:
    """Up to 60 bars back: corrections in any number and order, late bars, crashes between them."""
    closes = closes[-60:]
    late = data.draw(st.sets(st.integers(0, len(closes) - 1), max_size=3))
    corrected = data.draw(st.lists(st.tuples(st.integers(0, len(closes) - 1), st.sampled_from([1.0, 77.77, 123_456.78])), max_size=4))
    revisions = dict.fromkeys(range(len(closes)), 0)
    inputs: list[Bar] = [bar(number, closes[number]) for number in range(len(closes)) if number not in late]
    inputs += [bar(number, closes[number]) for number in late]
    for number, close in corrected:
        revisions[number] += 1
        closes[number] = close
        inputs.append(bar(number, close, revision=revisions[number]))
    core, newest = IndicatorsCore(chosen), dict[int, IndicatorRecord]()
    for one in inputs:
        core = restarted(core, chosen)
        for record in feed(core, one):
            assert record.revision == (newest[record.ts_open_ns].revision + 1 if record.ts_open_ns in newest else 0)
            newest[record.ts_open_ns] = record
    records = [newest[ts_open_ns] for ts_open_ns in sorted(newest)]
    assert_equal(records, oracle(closes, chosen), max(closes))
    assert [record.bar_revision for record in records] == list(revisions.values())
