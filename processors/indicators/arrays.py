"""Batch formulas by numpy: where TA-Lib has none, or has it less exact or with another shape than the stream."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import talib

from processors.indicators.formulas.momentum import FLAT_RSI
from processors.indicators.formulas.money_flow import SAME
from processors.indicators.formulas.oscillators import LEAST_RSI
from processors.indicators.rolling import Floats, padded, quotient, spread, windows
from processors.indicators.spec import Parameters

Columns = Mapping[str, npt.NDArray[Any]]
_MINUTE_NS = 60_000_000_000


def _macd(columns: Columns, p: Parameters) -> Sequence[Floats]:
    line, signal, histogram = talib.MACD(columns["close"], p["fast"], p["slow"], p["signal"])
    return line, signal, histogram, np.concatenate([[np.nan], histogram[:-1]])


def _ao(columns: Columns, p: Parameters) -> Sequence[Floats]:
    middle = (columns["high"] + columns["low"]) / 2.0
    fast, slow = (padded(windows(middle, p[name]).mean(axis=1), len(middle)) for name in ("fast", "slow"))
    return (fast - slow,)


def _dpo(columns: Columns, p: Parameters) -> Sequence[Floats]:
    rows = windows(columns["close"], p["period"])
    return (padded(rows[:, -2 - p["period"] // 2] - rows.mean(axis=1), len(columns["close"])),)


def _stddev(columns: Columns, p: Parameters) -> Sequence[Floats]:
    return (padded(spread(columns["close"], p["period"])[1], len(columns["close"])),)


def _variance(columns: Columns, p: Parameters) -> Sequence[Floats]:
    return (padded(spread(columns["close"], p["period"])[1] ** 2, len(columns["close"])),)


def _bbands(columns: Columns, p: Parameters) -> Sequence[Floats]:
    mean, deviation = (padded(part, len(columns["close"])) for part in spread(columns["close"], p["period"]))
    reach = p["deviations"] * deviation
    return mean + reach, mean, mean - reach


def _bbands_width(columns: Columns, p: Parameters) -> Sequence[Floats]:
    upper, middle, lower = _bbands(columns, p)
    with np.errstate(invalid="ignore", divide="ignore"):
        place = (columns["close"] - lower) / (upper - lower)
    return (upper - lower) / middle, np.where(upper == lower, 0.5, place)


def _hv(columns: Columns, p: Parameters) -> Sequence[Floats]:
    close = columns["close"]
    _, deviation = spread(np.log(close[1:] / close[:-1]), p["period"])
    sample = deviation * np.sqrt(p["period"] / (p["period"] - 1)) * np.sqrt(p["year_bars"])
    return (padded(sample, len(close)),)


def _keltner(columns: Columns, p: Parameters) -> Sequence[Floats]:
    high, low, close = columns["high"], columns["low"], columns["close"]
    middle, atr = talib.EMA((high + low + close) / 3.0, p["period"]), talib.ATR(high, low, close, p["range_period"])
    middle = np.where(np.isnan(atr), np.nan, middle)
    return middle + p["factor"] * atr, np.where(np.isnan(atr), np.nan, middle), middle - p["factor"] * atr


def _supertrend(columns: Columns, p: Parameters) -> Sequence[Floats]:
    value, trend = talib.SUPERTREND(columns["high"], columns["low"], columns["close"], p["period"], p["factor"])
    return value, np.where(np.isnan(value), np.nan, trend)


def _linearreg(columns: Columns, p: Parameters) -> Sequence[Floats]:
    """With the bars counted from the middle of the window: TA-Lib's sums of products lose three digits of the slope."""
    count = p["period"]
    rows, middle = windows(columns["close"], count), (count - 1) / 2.0
    slope = (rows * (np.arange(count) - middle)).sum(axis=1) / (count * (count * count - 1) / 12.0)
    end = rows.mean(axis=1) + slope * middle
    return [padded(part, len(columns["close"])) for part in (end, slope, end + slope)]


def _vwap(columns: Columns, p: Parameters) -> Sequence[Floats]:
    price = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    volume, session = columns["volume"], columns["ts_open_ns"] // (p["session_minutes"] * _MINUTE_NS)
    starts = np.flatnonzero(np.diff(session, prepend=session[0] - 1))
    values = np.empty(len(price))
    for start, end in zip(starts, [*starts[1:], len(price)], strict=True):
        turnover, total = np.cumsum(price[start:end] * volume[start:end]), np.cumsum(volume[start:end])
        values[start:end] = np.divide(turnover, total, out=price[start:end].copy(), where=total != 0)
    return (values,)


def _rsi(columns: Columns, p: Parameters) -> Sequence[Floats]:
    """TA-Lib's, but for a price that never moved: it alone has both an RSI and a CMO of 0, since without gains, but with losses, the CMO is -100."""
    close, period = columns["close"], p["period"]
    value = talib.RSI(close, period)
    return (np.where((value == 0.0) & (talib.CMO(close, period) == 0.0), FLAT_RSI, value),)


def _stochrsi(columns: Columns, p: Parameters) -> Sequence[Floats]:
    rsi = _rsi(columns, p)[0][p["period"] :]
    rows = windows(rsi, p["k"])
    lowest, span = rows.min(axis=1), rows.max(axis=1) - rows.min(axis=1)
    k = quotient(100.0 * (rsi[p["k"] - 1 :] - lowest), np.where(span > LEAST_RSI, span, 0.0))
    d = windows(k, p["d"]).mean(axis=1)
    return [padded(part, len(columns["close"])) for part in (k[p["d"] - 1 :], d)]


def _cci(columns: Columns, p: Parameters) -> Sequence[Floats]:
    price = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    rows = windows(price, p["period"])
    mean, is_flat = rows.mean(axis=1), rows.min(axis=1) == rows.max(axis=1)
    size = np.where(is_flat, 0.0, np.abs(rows - mean[:, None]).mean(axis=1))
    return (padded(quotient(price[p["period"] - 1 :] - mean, 0.015 * size), len(price)),)


def _cmf(columns: Columns, p: Parameters) -> Sequence[Floats]:
    high, low, close, volume = (columns[name] for name in ("high", "low", "close", "volume"))
    flows = quotient((close - low) - (high - close), high - low) * volume
    sums = (windows(part, p["period"]).sum(axis=1) for part in (flows, volume))
    return (padded(quotient(*sums), len(close)),)


def _mfi(columns: Columns, p: Parameters) -> Sequence[Floats]:
    price = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    change, flow = np.diff(price), (price * columns["volume"])[1:]
    is_moved = np.abs(change) > SAME * price[1:]
    gained, lost = (windows(np.where(is_moved & (sign * change > 0), flow, 0.0), p["period"]).sum(axis=1) for sign in (1, -1))
    return (padded(100.0 * quotient(gained, gained + lost), len(price)),)


def _vwma(columns: Columns, p: Parameters) -> Sequence[Floats]:
    close, volume = columns["close"], columns["volume"]
    turnover, total = (windows(part, p["period"]).sum(axis=1) for part in (close * volume, volume))
    return (padded(quotient(turnover, total, windows(close, p["period"]).mean(axis=1)), len(close)),)


def _rvol(columns: Columns, p: Parameters) -> Sequence[Floats]:
    volume = columns["volume"]
    before = windows(volume[:-1], p["period"]).mean(axis=1)
    return (padded(quotient(volume[p["period"] :], before), len(volume)),)


ARRAYS: dict[str, Callable[[Columns, Parameters], Sequence[Floats]]] = {
    "rsi": _rsi,
    "macd": _macd,
    "ao": _ao,
    "dpo": _dpo,
    "stddev": _stddev,
    "variance": _variance,
    "bbands": _bbands,
    "bbands_width": _bbands_width,
    "hv": _hv,
    "keltner": _keltner,
    "supertrend": _supertrend,
    "linearreg": _linearreg,
    "stochrsi": _stochrsi,
    "cci": _cci,
    "cmf": _cmf,
    "mfi": _mfi,
    "vwma": _vwma,
    "rvol": _rvol,
    "vwap": _vwap,
}
