"""Splits and dividends: bars before them made comparable with those after. Pure.

Of a split of `ratio` new shares for one old: prices before it / ratio, volumes * ratio. Of a dividend of `amount` a share: prices before it
* (1 - amount / close of the bar before), as Yahoo and CRSP have it. Both are in the units of their own time, as raw prices are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from history.times import Time, moment
from runtime.errors import UserError

_PARTS = ("open", "high", "low", "close")
PRICES = frozenset([*_PARTS, "vwap", *(f"{side}_{part}" for side in ("bid", "ask") for part in _PARTS)])
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Split:
    """at: the first moment at which the new shares trade. ratio: new shares for one old, as 7 or Decimal("0.1")."""

    at: Time
    ratio: Decimal | int | str


@dataclass(frozen=True, slots=True)
class Dividend:
    """at: the first moment without the right to it (the ex-date). amount: a share, in the currency of the prices."""

    at: Time
    amount: Decimal | int | str


Action = Split | Dividend


def adjusted(bars: pd.DataFrame, actions: Iterable[Action]) -> pd.DataFrame:
    """A copy of a frame of bars (index: timestamp in UTC, ascending) with prices and volumes adjusted; quote_volume is money and stays.

    Give only the actions that were known at the time that the backtest stands at: others look ahead. Decimals stay decimals, computed with the
    current decimal context's digits. An action before the first bar changes nothing. Raises UserError for a ratio or amount that cannot be.
    """
    result = bars.copy()
    price, volume = _factors(bars, list(actions))
    for name in bars.columns:
        factor = price if name in PRICES else volume if name == "volume" else None
        if factor is not None:
            result[name] = bars[name] * (factor if _is_decimal(bars[name]) else factor.astype(float))
    return result


def _factors(bars: pd.DataFrame, actions: list[Action]) -> tuple[Any, Any]:
    """Of prices and of volumes, a row a bar, as Decimal objects."""
    price, volume = np.full(len(bars), _ONE, dtype=object), np.full(len(bars), _ONE, dtype=object)
    for action in actions:
        rows = int(bars.index.searchsorted(pd.Timestamp(moment(action.at, "at")), side="left"))
        if isinstance(action, Split):
            ratio = _above_zero(action.ratio, "ratio of a split")
            price[:rows] /= ratio
            volume[:rows] *= ratio
        elif rows:
            price[:rows] *= _kept(action, bars["close"].iloc[rows - 1])
    return price, volume


def _kept(dividend: Dividend, close: Any) -> Decimal:
    amount = _above_zero(dividend.amount, "amount of a dividend")
    before = close if isinstance(close, Decimal) else Decimal(repr(float(close)))
    if amount >= before:
        raise UserError(f"a dividend of {amount} at {dividend.at} is not below the close before it, {before}: are both in the same units?")
    return _ONE - amount / before


def _above_zero(given: Decimal | int | str, what: str) -> Decimal:
    value = Decimal(given)
    if not value > 0:
        raise UserError(f"the {what} is {value}; it must be above 0")
    return value


def _is_decimal(values: Any) -> bool:
    return bool(values.dtype in (object, "exact"))
