"""RSI, MACD and momentum: by hand where a hand can, and bar by bar against TA-Lib."""

import math
import random

import numpy as np
import pytest
import talib

from processors.indicators.batch import calculate
from processors.indicators.blocks import Window
from processors.indicators.formulas.convergence import Macd
from processors.indicators.formulas.momentum import FLAT_RSI, Momentum, Rsi
from processors.indicators.spec import Ohlcv, State
from processors.signals.components import rsi_vote

REL = 1e-12


def walk(bars: int, seed: int, start: float = 60_000.0, step: float = 0.002) -> list[float]:
    """A random walk with two decimals, as prices have."""
    rng = random.Random(seed)
    closes = [start]
    for _ in range(bars - 1):
        closes.append(round(closes[-1] * (1 + rng.gauss(0, step)), 2))
    return closes


def outputs(state: State, closes: list[float]) -> list[dict[str, float]]:
    return [state.update(Ohlcv(close, close, close, close, 1.0, 0)) for close in closes]


def column(rows: list[dict[str, float]], name: str) -> list[float]:
    return [row.get(name, math.nan) for row in rows]


def same(ours: list[float], oracle: np.ndarray, scale: float = 0.0) -> bool:
    """Equal within REL, and absent at the same bars. scale: of the numbers whose difference this is: a few last bits of them are allowed."""
    return bool(np.allclose(np.array(ours), oracle, rtol=REL, atol=1e-15 * scale, equal_nan=True))


def test_rsi_by_hand() -> None:
    # period 2: changes +1, -1, +2, -1; G: 0.5, (0.5 + 2) / 2, 1.25 / 2; L: 0.5, 0.5 / 2, (0.25 + 1) / 2
    rows = outputs(Rsi(2), [10.0, 11.0, 10.0, 12.0, 11.0])
    assert rows[:2] == [{}, {}]
    assert column(rows[2:], "value") == pytest.approx([50.0, 100 * 1.25 / 1.5, 50.0], rel=REL)


def test_rsi_at_its_ends() -> None:
    assert outputs(Rsi(2), [1.0, 2.0, 3.0])[-1] == {"value": 100.0}
    assert outputs(Rsi(2), [3.0, 2.0, 1.0])[-1] == {"value": 0.0}
    assert outputs(Rsi(2), [5.0, 5.0, 5.0])[-1] == {"value": FLAT_RSI}


def test_macd_by_hand() -> None:
    # fast 2, slow 3, signal 2 of 1 2 4 8 16: slow seed 7/3, fast seed (2 + 4) / 2 = 3
    rows = outputs(Macd.of(2, 3, 2), [1.0, 2.0, 4.0, 8.0, 16.0])
    assert rows[:3] == [{}, {}, {}]
    line_3 = 3 - 7 / 3
    fast_4, slow_4 = 3 + (8 - 3) * 2 / 3, 7 / 3 + (8 - 7 / 3) / 2
    line_4 = fast_4 - slow_4
    signal_4 = (line_3 + line_4) / 2
    assert rows[3] == pytest.approx({"macd": line_4, "signal": signal_4, "histogram": line_4 - signal_4}, rel=REL)
    line_5 = fast_4 + (16 - fast_4) * 2 / 3 - (slow_4 + (16 - slow_4) / 2)
    signal_5 = signal_4 + (line_5 - signal_4) * 2 / 3
    expected = {"macd": line_5, "signal": signal_5, "histogram": line_5 - signal_5, "previous_histogram": line_4 - signal_4}
    assert rows[4] == pytest.approx(expected, rel=REL)


def test_momentum_by_hand() -> None:
    assert outputs(Momentum(Window(3)), [100.0, 90.0, 102.0, 99.0]) == [{}, {}, {"value": 0.02}, {"value": 0.1}]


@pytest.mark.parametrize("period", [2, 3, 14, 50])
@pytest.mark.parametrize(("start", "step"), [(60_000.0, 0.002), (1.0, 0.05), (100.0, 0.0)])
def test_rsi_equals_ta_lib(period: int, start: float, step: float) -> None:
    closes = walk(300, period, start, step)
    expected = talib.RSI(np.array(closes), period)
    assert same(column(outputs(Rsi(period), closes), "value"), np.where(expected == 0, FLAT_RSI, expected) if step == 0 else expected)


@pytest.mark.parametrize("period", [2, 14])
def test_an_rsi_stands_while_the_price_does_and_is_50_before_its_first_move(period: int) -> None:
    """Stream and batch agree on every bar: averages fade to 1e-14 within 40 bars of period 2, and to nothing at all within 1,100."""
    closes = [100.0] * 40 + [101.0, 100.5, 102.0] + [102.0] * 1200 + [101.0]
    stream = column(outputs(Rsi(period), closes), "value")
    assert same(stream, calculate(f"rsi_{period}", {"close": np.array(closes)})["value"])
    assert set(stream[period:40]) == {FLAT_RSI}
    assert stream[300] == pytest.approx(stream[43], rel=1e-9)
    assert rsi_vote({"value": FLAT_RSI}) == 0


def test_an_rsi_without_gains_is_0() -> None:
    closes = [100.0, 99.0, 98.0, 98.0, 98.0]
    assert column(outputs(Rsi(2), closes), "value")[2:] == [0.0, 0.0, 0.0]
    assert list(calculate("rsi_2", {"close": np.array(closes)})["value"][2:]) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (2, 3, 2), (5, 35, 5), (3, 4, 20)])
def test_macd_equals_ta_lib(fast: int, slow: int, signal: int) -> None:
    closes = walk(300, fast)
    rows = outputs(Macd.of(fast, slow, signal), closes)
    line, signal_line, histogram = talib.MACD(np.array(closes), fast, slow, signal)
    for name, oracle in (("macd", line), ("signal", signal_line), ("histogram", histogram)):
        assert same(column(rows, name), oracle, scale=max(closes))
    assert column(rows, "previous_histogram")[1:] == pytest.approx(column(rows, "histogram")[:-1], nan_ok=True, rel=0)


@pytest.mark.parametrize("period", [1, 2, 10, 60])
def test_momentum_equals_ta_lib(period: int) -> None:
    closes = walk(200, period)
    assert same(column(outputs(Momentum(Window(period + 1)), closes), "value"), talib.ROCP(np.array(closes), period))


def test_prices_of_a_billionth_behave_as_in_ta_lib() -> None:
    closes = [close * 1e-14 for close in walk(100, 5)]
    assert same(column(outputs(Rsi(14), closes), "value"), talib.RSI(np.array(closes), 14))
