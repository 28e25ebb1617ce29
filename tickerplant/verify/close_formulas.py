"""Formulas of the closes alone."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import talib

from tickerplant.verify.formula import Columns, Floats, Formula, back, deviation, mean, over, rolled


def _one(function: Callable[..., Floats], *fixed: Any) -> Callable[..., Mapping[str, Floats]]:
    """`value` by a function of TA-Lib over the closes."""
    return lambda c, *values: {"value": function(c.close, *values, *fixed)}


def _macd(c: Columns, fast: int, slow: int, signal: int) -> Mapping[str, Floats]:
    line, average, histogram = talib.MACD(c.close, fast, slow, signal)
    return {"macd": line, "signal": average, "histogram": histogram, "previous_histogram": back(histogram, 1)}


def _dpo(c: Columns, period: int) -> Mapping[str, Floats]:
    return {"value": back(c.close, period // 2 + 1) - mean(c.close, period)}


def _rsi(c: Columns, period: int) -> Floats:
    """50 while the price never moved: then, and only then, both are 0."""
    value = talib.RSI(c.close, period)
    return np.where((value == 0) & (talib.CMO(c.close, period) == 0), 50.0, value)


def _stochrsi(c: Columns, period: int, k: int, d: int) -> Mapping[str, Floats]:
    rsi = _rsi(c, period)
    lowest, span = rolled(rsi, k, lambda rows: rows.min(axis=1)), rolled(rsi, k, lambda rows: np.ptp(rows, axis=1))
    place = over(100 * (rsi - lowest), np.where(span <= 1e-6, 0.0, span))
    smooth = mean(place, d)
    return {"k": np.where(np.isnan(smooth), np.nan, place), "d": smooth}


def _bbands(c: Columns, period: int, deviations: float) -> Mapping[str, Floats]:
    middle, reach = mean(c.close, period), deviations * deviation(c.close, period)
    return {"upper": middle + reach, "middle": middle, "lower": middle - reach}


def _bbands_width(c: Columns, period: int, deviations: float) -> Mapping[str, Floats]:
    middle, reach = mean(c.close, period), deviations * deviation(c.close, period)
    return {"width": 2 * reach / middle, "percent_b": over(c.close - middle + reach, 2 * reach, 0.5)}


def _hv(c: Columns, period: int, year_bars: int) -> Mapping[str, Floats]:
    returns = np.log(c.close / back(c.close, 1))
    return {"value": deviation(returns, period) * np.sqrt(period / (period - 1) * year_bars)}


def _linearreg(c: Columns, period: int) -> Mapping[str, Floats]:
    places = np.arange(period) - (period - 1) / 2
    slope = rolled(c.close, period, lambda rows: rows @ places) / (places @ places)
    end = mean(c.close, period) + slope * places[-1]
    return {"value": end, "slope": slope, "forecast": end + slope}


_PERIOD_14, _PERIOD_20, _PERIOD_10 = {"period": 14}, {"period": 20}, {"period": 10}
_FAST_SLOW, _BANDS = {"fast": 12, "slow": 26}, {"period": 20, "deviations": 2.0}
CLOSE_FORMULAS: dict[str, Formula] = {
    "macd": Formula(lambda _, slow, signal: slow + signal + 10, _macd, {"fast": 12, "slow": 26, "signal": 9}),
    "rsi": Formula(lambda period: 2 * period, lambda c, period: {"value": _rsi(c, period)}, _PERIOD_14),
    "momentum": Formula(lambda period: period + 5, _one(talib.ROCP), _PERIOD_10),
    "roc": Formula(lambda period: period + 1, _one(talib.ROC), _PERIOD_10),
    "mom": Formula(lambda period: period + 1, _one(talib.MOM), _PERIOD_10),
    "cmo": Formula(lambda period: 2 * period + 1, _one(talib.CMO), _PERIOD_14),
    "er": Formula(lambda period: period + 1, _one(talib.ER), _PERIOD_10),
    "apo": Formula(lambda _, slow: 2 * slow, _one(talib.APO, 1), _FAST_SLOW),
    "ppo": Formula(lambda _, slow: 2 * slow, _one(talib.PPO, 1), _FAST_SLOW),
    "tsi": Formula(lambda first, second: first + second + max(first, second), _one(talib.TSI), {"first": 25, "second": 13}),
    "sma": Formula(lambda period: period, lambda c, period: {"value": mean(c.close, period)}, _PERIOD_20),
    "wma": Formula(lambda period: period, _one(talib.WMA), _PERIOD_20),
    "trima": Formula(lambda period: period, _one(talib.TRIMA), _PERIOD_20),
    "hma": Formula(lambda period: period + int(period**0.5) - 1, _one(talib.HMA), _PERIOD_20),
    "midpoint": Formula(lambda period: period, _one(talib.MIDPOINT), _PERIOD_14),
    "ema": Formula(lambda period: 2 * period, _one(talib.EMA), _PERIOD_20),
    "rma": Formula(lambda period: 2 * period, _one(talib.RMA), _PERIOD_14),
    "dema": Formula(lambda period: 3 * period - 1, _one(talib.DEMA), _PERIOD_20),
    "tema": Formula(lambda period: 4 * period - 2, _one(talib.TEMA), _PERIOD_20),
    "t3": Formula(lambda period, _: 7 * period - 5, _one(talib.T3), {"period": 5, "factor": 0.7}),
    "zlema": Formula(lambda period: 2 * period + (period - 1) // 2, _one(talib.ZLEMA), _PERIOD_20),
    "kama": Formula(lambda period: 2 * period + 1, _one(talib.KAMA), _PERIOD_10),
    "trix": Formula(lambda period: 4 * period - 1, _one(talib.TRIX), {"period": 15}),
    "stochrsi": Formula(lambda p, k, d: p + k + d - 1 + max(p, k, d), _stochrsi, {"period": 14, "k": 14, "d": 3}, absolute=1e-4),
    "dpo": Formula(lambda period: period, _dpo, _PERIOD_20),
    "stddev": Formula(lambda period: period, lambda c, period: {"value": deviation(c.close, period)}, _PERIOD_20),
    "variance": Formula(lambda period: period, lambda c, period: {"value": deviation(c.close, period) ** 2}, _PERIOD_20),
    "bbands": Formula(lambda period, _: period, _bbands, _BANDS),
    "bbands_width": Formula(lambda period, _: period, _bbands_width, _BANDS, absolute=1e-6),
    "hv": Formula(lambda period, _: period + 1, _hv, {"period": 20, "year_bars": 365}),
    "linearreg": Formula(lambda period: period, _linearreg, _PERIOD_14),
}
