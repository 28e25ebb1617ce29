"""What a formula of the audit is, and windows over whole series."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Floats = npt.NDArray[np.float64]
_CHUNK = 4096  # windows at a time: a year of minutes times a long window would not fit into memory


class Columns(NamedTuple):
    """All bars of a series, oldest first."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    ts_open_ns: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Formula:
    """One indicator by TA-Lib or numpy.

    minimum_bars: of the parameters' values in order. outputs: of (columns, *values), each as long as the columns. defaults: parameters in the key's order.
    is_cumulative: its values depend on all bars since the beginning. absolute: what may differ, where last bits of prices count for much.
    """

    minimum_bars: Callable[..., int]
    outputs: Callable[..., Mapping[str, Floats]]
    defaults: Mapping[str, float] = field(default_factory=dict)
    is_cumulative: bool = False
    absolute: float = 1e-9


def rolled(series: npt.NDArray[Any], length: int, function: Callable[[Floats], Floats]) -> Floats:
    """The function of each window (rows), NaN before the first whole one."""
    result = np.full(len(series), np.nan)
    if len(series) >= length:
        windows = sliding_window_view(series, length)
        for start in range(0, len(windows), _CHUNK):
            part = windows[start : start + _CHUNK]
            result[start + length - 1 : start + length - 1 + len(part)] = function(part)
    return result


def mean(series: Floats, length: int) -> Floats:
    return rolled(series, length, lambda rows: rows.mean(axis=1))


def total(series: Floats, length: int) -> Floats:
    return rolled(series, length, lambda rows: rows.sum(axis=1))


def deviation(series: Floats, length: int) -> Floats:
    """Of a population, 0 where nothing differs."""
    return rolled(series, length, lambda rows: np.where(np.ptp(rows, axis=1) == 0, 0.0, rows.std(axis=1)))


def back(series: Floats, bars: int) -> Floats:
    """The value so many bars before, NaN where there was none."""
    return np.concatenate([np.full(min(bars, len(series)), np.nan), series[: max(0, len(series) - bars)]])


def over(part: Floats, whole: Floats, otherwise: float | Floats = 0.0) -> Floats:
    """part / whole, `otherwise` where the whole is 0, NaN where either is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole == 0, np.where(np.isnan(part), np.nan, otherwise), part / whole)
