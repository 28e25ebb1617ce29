"""Formulas of whole bars: highs and lows, volumes, sessions."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import talib

from tickerplant.verify.formula import Columns, Floats, Formula, back, mean, over, rolled, total

_MINUTE_NS = 60_000_000_000


def _by(names: str, function: Callable[..., Any], reads: str, *fixed: Any) -> Callable[..., Mapping[str, Floats]]:
    """Outputs with these names by a function of TA-Lib over the columns that it reads."""

    def outputs(c: Columns, *values: float) -> Mapping[str, Floats]:
        result = function(*(getattr(c, column) for column in reads.split()), *values, *fixed)
        return dict(zip(names.split(), result if isinstance(result, tuple) else (result,), strict=True))

    return outputs


def _typical(c: Columns) -> Floats:
    return (c.high + c.low + c.close) / 3


def _adx(c: Columns, period: int) -> Mapping[str, Floats]:
    functions = {"adx": talib.ADX, "plus_di": talib.PLUS_DI, "minus_di": talib.MINUS_DI}
    return {output: function(c.high, c.low, c.close, period) for output, function in functions.items()}


def _aroon(c: Columns, period: int) -> Mapping[str, Floats]:
    down, up = talib.AROON(c.high, c.low, period)
    return {"down": down, "up": up, "oscillator": up - down}


def _stoch(c: Columns, period: int, k: int, d: int) -> Mapping[str, Floats]:
    return dict(zip("kd", talib.STOCH(c.high, c.low, c.close, period, k, 0, d, 0), strict=True))


def _cci(c: Columns, period: int) -> Mapping[str, Floats]:
    price = _typical(c)

    def size(rows: Floats) -> Floats:
        spread = np.abs(rows - rows.mean(axis=1, keepdims=True)).mean(axis=1)
        return np.where(np.ptp(rows, axis=1) == 0, 0.0, spread)

    return {"value": over(price - mean(price, period), 0.015 * rolled(price, period, size))}


def _ao(c: Columns, fast: int, slow: int) -> Mapping[str, Floats]:
    middle = (c.high + c.low) / 2
    return {"value": mean(middle, fast) - mean(middle, slow)}


def _keltner(c: Columns, period: int, range_period: int, factor: float) -> Mapping[str, Floats]:
    middle, reach = talib.EMA(_typical(c), period), factor * talib.ATR(c.high, c.low, c.close, range_period)
    return {"upper": middle + reach, "middle": middle + 0 * reach, "lower": middle - reach}


def _supertrend(c: Columns, period: int, factor: float) -> Mapping[str, Floats]:
    value, trend = talib.SUPERTREND(c.high, c.low, c.close, period, factor)
    return {"value": value, "trend": np.where(np.isnan(value), np.nan, trend)}


def _cmf(c: Columns, period: int) -> Mapping[str, Floats]:
    flow = over(2 * c.close - c.low - c.high, c.high - c.low) * c.volume
    return {"value": over(total(flow, period), total(c.volume, period))}


def _mfi(c: Columns, period: int) -> Mapping[str, Floats]:
    """A typical price that differs in its last bits is the same sum in another order."""
    price = _typical(c)
    change = price - back(price, 1)
    change[np.abs(change) <= 1e-12 * price] = 0.0
    gained, lost = (total(np.where(np.isnan(change), np.nan, price * c.volume * (sign * change > 0)), period) for sign in (1, -1))
    return {"value": 100 * over(gained, gained + lost)}


def _vwma(c: Columns, period: int) -> Mapping[str, Floats]:
    return {"value": over(total(c.close * c.volume, period), total(c.volume, period), mean(c.close, period))}


def _vroc(c: Columns, period: int) -> Mapping[str, Floats]:
    before = back(c.volume, period)
    return {"value": 100 * over(c.volume - before, before)}


def _rvol(c: Columns, period: int) -> Mapping[str, Floats]:
    return {"value": over(c.volume, back(mean(c.volume, period), 1))}


def _vwap(c: Columns, session_minutes: int) -> Mapping[str, Floats]:
    price = _typical(c)
    session = c.ts_open_ns // (session_minutes * _MINUTE_NS)
    sums = pd.DataFrame({"turnover": price * c.volume, "volume": c.volume}).groupby(session).cumsum()
    return {"value": over(sums["turnover"].to_numpy(), sums["volume"].to_numpy(), price)}


def _one(function: Callable[..., Floats], reads: str, *fixed: Any) -> Callable[..., Mapping[str, Floats]]:
    return _by("value", function, reads, *fixed)


_P10, _P13, _P14, _P20 = ({"period": period} for period in (10, 13, 14, 20))
_HLC, _HLCV = "high low close", "high low close volume"
_ULTIMATE, _SAR, _KELTNER = (
    {"short": 7, "middle": 14, "long": 28},
    {"acceleration": 0.02, "maximum": 0.2},
    {"period": 20, "range_period": 10, "factor": 2.0},
)


def _keltner_minimum(period: int, range_period: int, _factor: float) -> int:
    return max(period, range_period + 1) + max(period, range_period)


BAR_FORMULAS: dict[str, Formula] = {
    "midprice": Formula(lambda p: p, _one(talib.MIDPRICE, "high low"), _P14),
    "adx": Formula(lambda p: 2 * p + 1, _adx, _P14),
    "aroon": Formula(lambda p: p + 1, _aroon, _P14),
    "vortex": Formula(lambda p: p + 1, _by("plus minus", talib.VORTEX, _HLC), _P14),
    "sar": Formula(lambda *_: 20, _one(talib.SAR, "high low"), _SAR),
    "stoch": Formula(lambda p, k, d: p + k + d - 2, _stoch, {"period": 14, "k": 3, "d": 3}),
    "stochf": Formula(lambda p, d: p + d - 1, _by("k d", talib.STOCHF, _HLC, 0), {"period": 14, "d": 3}),
    "willr": Formula(lambda p: p, _one(talib.WILLR, _HLC), _P14),
    "cci": Formula(lambda p: p, _cci, _P20, absolute=1e-6),
    "ultosc": Formula(lambda _, __, long: long + 1, _one(talib.ULTOSC, _HLC), _ULTIMATE),
    "bop": Formula(lambda: 1, _one(talib.BOP, "open high low close")),
    "ao": Formula(lambda _, slow: slow, _ao, {"fast": 5, "slow": 34}),
    "pvo": Formula(lambda _, slow: 2 * slow, _one(talib.PVO, "volume", 1), {"fast": 12, "slow": 26}),
    "trange": Formula(lambda: 2, _one(talib.TRANGE, _HLC)),
    "atr": Formula(lambda p: 2 * p + 1, _one(talib.ATR, _HLC), _P14),
    "natr": Formula(lambda p: 2 * p + 1, _one(talib.NATR, _HLC), _P14),
    "adr": Formula(lambda p: p, lambda c, p: {"value": mean(c.high - c.low, p)}, _P14),
    "donchian": Formula(lambda p: p, _by("upper middle lower", talib.DONCHIAN, "high low"), _P20),
    "keltner": Formula(_keltner_minimum, _keltner, _KELTNER),
    "supertrend": Formula(lambda p, _: 2 * p + 1, _supertrend, {"period": 10, "factor": 3.0}),
    "obv": Formula(lambda: 1, _one(talib.OBV, "close volume"), is_cumulative=True),
    "ad": Formula(lambda: 1, _one(talib.AD, _HLCV), is_cumulative=True),
    "pvt": Formula(lambda: 1, _one(talib.PVT, "close volume"), is_cumulative=True),
    "vwap": Formula(lambda _: 1, _vwap, {"session_minutes": 1440}, is_cumulative=True),
    "adosc": Formula(lambda _, slow: 2 * slow, _one(talib.ADOSC, _HLCV), {"fast": 3, "slow": 10}, is_cumulative=True),
    "cmf": Formula(lambda p: p, _cmf, _P20),
    "mfi": Formula(lambda p: p + 1, _mfi, _P14),
    "vroc": Formula(lambda p: p + 1, _vroc, _P14),
    "vwma": Formula(lambda p: p, _vwma, _P20),
    "efi": Formula(lambda p: 2 * p + 1, _one(talib.EFI, "close volume"), _P13),
    "rvol": Formula(lambda p: p + 1, _rvol, _P20),
    "avgprice": Formula(lambda: 1, _one(talib.AVGPRICE, "open high low close")),
    "medprice": Formula(lambda: 1, _one(talib.MEDPRICE, "high low")),
    "typprice": Formula(lambda: 1, _one(talib.TYPPRICE, _HLC)),
    "wclprice": Formula(lambda: 1, _one(talib.WCLPRICE, _HLC)),
}
