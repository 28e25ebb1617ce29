"""Stream and batch give the same values for the whole catalogue, and both are TA-Lib's where it has the indicator."""

import math
import re

import numpy as np
import pandas as pd
import pytest
import talib

from processors.indicators.arrays import ARRAYS
from processors.indicators.batch import calculate, frame
from processors.indicators.catalogue import CATALOGUE, Chosen, choose, parse
from runtime.errors import UserError
from tests.indicator_support import DEFAULTS, columns, market, output_columns, quiet_market, streamed

REL = 1e-12
SHORTER = tuple(choose(name, {"period": 5}) if "period" in CATALOGUE[name].parameters else choose(name) for name in CATALOGUE)
OTHERS = tuple(
    parse(key)
    for key in [
        "macd_3_7_4",
        "apo_3_7",
        "ppo_5_8",
        "pvo_5_8",
        "ao_3_8",
        "tsi_5_3",
        "stoch_5_1_4",
        "stochf_8_1",
        "stochrsi_7_5_2",
        "ultosc_2_5_9",
        "adosc_5_20",
        "sar_0.05_0.3",
        "t3_3_0.5",
        "keltner_5_9_1.5",
        "supertrend_7_2",
        "bbands_7_1.5",
        "bbands_width_9_3",
        "hv_5_525600",
        "vwap_60",
        "vroc_1",
        "roc_1",
        "momentum_1",
        "hma_9",
        "dpo_7",
        "trima_9",
        "trima_2",
        "wma_2",
        "zlema_8",
    ]
)

# Differences and percentages that come near zero, of larger numbers: what 1e-12 is relative to is their usual size, not their own value.
NEAR_ZERO = {
    "macd", "apo", "ppo", "pvo", "ao", "tsi", "mom", "roc", "momentum", "cmo", "trix", "stoch", "stochf", "stochrsi", "willr", "cci", "dpo", "bbands_width",
    "linearreg", "adosc", "efi", "cmf", "ad", "obv", "pvt", "vroc", "bop", "mfi",
}  # fmt: skip


def usual(values: np.ndarray) -> float:
    return float(np.nanmedian(np.abs(values))) if np.isfinite(values).any() else 0.0


def assert_same(choice: Chosen, ours: np.ndarray, theirs: np.ndarray, rel: float = REL) -> None:
    assert np.array_equal(np.isnan(ours), np.isnan(theirs)), choice.key
    scale = usual(theirs) if choice.spec.name in NEAR_ZERO else 0.0
    np.testing.assert_allclose(ours, theirs, rtol=rel, atol=rel * scale, err_msg=choice.key)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("choices", [DEFAULTS, SHORTER, OTHERS], ids=["defaults", "shorter", "others"])
def test_stream_is_batch(choices: tuple[Chosen, ...], seed: int) -> None:
    bars = market(seed, 300)
    ours = output_columns(choices, streamed(choices, bars))
    for choice in choices:
        for output, theirs in calculate(choice, columns(bars)).items():
            assert_same(choice, ours[choice.key, output], theirs)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("choices", [DEFAULTS, SHORTER, OTHERS], ids=["defaults", "shorter", "others"])
def test_stream_is_batch_where_nothing_moves_and_nothing_is_traded(choices: tuple[Chosen, ...], seed: int) -> None:
    """Absolute here: what is 0 in one may be a last bit of a running sum of 100 in the other."""
    bars = quiet_market(seed, 400)
    ours = output_columns(choices, streamed(choices, bars))
    for choice in choices:
        for output, theirs in calculate(choice, columns(bars)).items():
            mine = ours[choice.key, output]
            assert np.isfinite(mine[~np.isnan(theirs)]).all()
            allowed = 1e-8 if choice.spec.name == "cci" else 1e-10  # a mean's last bit counts as much there as its smallest move
            np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=allowed, err_msg=choice.key)


def ta_lib(choice: Chosen, bars: dict[str, np.ndarray]) -> list[np.ndarray]:
    """What the catalogue's oracle says, written out."""
    names = {**bars, **choice.parameters}
    results: list[np.ndarray] = []
    for function, arguments in re.findall(r"talib\.(\w+)\(([^)]*)\)", choice.spec.oracle):
        result = getattr(talib, function)(*(names[word] if word in names else int(word) for word in arguments.split(", ")))
        results += result if isinstance(result, tuple) else [result]
    return results


# By numpy in batch, because TA-Lib's running sums keep the rounding of all that went through: how near TA-Lib comes.
LOOSE = {"ao": 1e-10, "dpo": 1e-10, "stddev": 1e-10, "variance": 1e-10, "bbands": 1e-12, "linearreg": 1e-9, "stochrsi": 1e-10, "cci": 1e-10}


@pytest.mark.parametrize("name", [name for name in ARRAYS if CATALOGUE[name].oracle])
def test_what_batch_computes_by_numpy_is_ta_libs_too(name: str) -> None:
    choice, bars = choose(name), columns(market(4, 300))
    theirs = ta_lib(choice, bars)
    for (output, ours), oracle in zip(calculate(choice, bars).items(), theirs, strict=False):
        expected = np.where(np.isnan(theirs[0]), np.nan, oracle)
        assert_same(choice, ours, expected, LOOSE.get(name, REL)) if output != "previous_histogram" else None


def test_every_other_indicator_is_computed_by_ta_lib_itself() -> None:
    assert [name for name, spec in CATALOGUE.items() if not spec.oracle] == ["keltner", "bbands_width", "hv", "vwap"]
    assert all(name in ARRAYS for name, spec in CATALOGUE.items() if not spec.oracle)


def test_what_ta_lib_does_not_have_by_pandas() -> None:
    bars = pd.DataFrame(market(6, 200))
    returns = np.log(bars.close / bars.close.shift())
    mean, deviation = bars.close.rolling(20).mean(), bars.close.rolling(20).std(ddof=0)
    price = (bars.high + bars.low + bars.close) / 3
    day = bars.ts_open_ns // (24 * 3600 * 10**9)
    middle, atr = talib.EMA(price.to_numpy(), 20), talib.ATR(bars.high, bars.low, bars.close, 10)
    expected = {
        "hv_20_365.value": returns.rolling(20).std() * math.sqrt(365),
        "bbands_width_20_2.width": 4 * deviation / mean,
        "bbands_width_20_2.percent_b": (bars.close - mean + 2 * deviation) / (4 * deviation),
        "vwap_1440.value": (price * bars.volume).groupby(day).cumsum() / bars.volume.groupby(day).cumsum(),
        "keltner_20_10_2.upper": middle + 2 * atr,
        "keltner_20_10_2.middle": pd.Series(middle),
        "keltner_20_10_2.lower": middle - 2 * atr,
    }
    assert day.nunique() == 2
    found = frame(bars, ["hv", "bbands_width", "vwap", "keltner"])
    assert set(expected) == set(found.columns)
    for name, column in expected.items():
        np.testing.assert_allclose(found[name], column, rtol=1e-9, err_msg=name)  # pandas' rolling sums drift


def test_a_frame_of_decimal_text_keeps_its_index() -> None:
    bars = pd.DataFrame(market(7, 50)).drop(columns="ts_open_ns")
    bars.index = pd.date_range("2024-08-09", periods=50, freq="min", tz="UTC")
    found = frame(bars.map(str), ["rsi_7", "macd", DEFAULTS[1]])
    assert list(found.columns) == ["rsi_7.value", *(f"macd_12_26_9.{o}" for o in CATALOGUE["macd"].outputs), "momentum_10.value"]
    assert found.index.equals(bars.index)
    np.testing.assert_array_equal(found["rsi_7.value"], talib.RSI(bars.close.to_numpy(), 7))


@pytest.mark.parametrize("bars", [0, 1, 2, 7, 30])
def test_a_short_history_has_few_values_or_none(bars: int) -> None:
    history = market(8, bars)
    ours = output_columns(DEFAULTS, streamed(DEFAULTS, history))
    inputs = columns(history) if bars else {name: np.empty(0) for name in columns(market(1, 1))}
    for choice in DEFAULTS:
        for output, theirs in calculate(choice, inputs).items():
            assert_same(choice, ours[choice.key, output], theirs)


def test_a_missing_column_is_the_users_mistake() -> None:
    with pytest.raises(UserError, match="atr_14 reads the columns high, low, close; high, low missing"):
        calculate("atr", {"close": np.ones(3)})
