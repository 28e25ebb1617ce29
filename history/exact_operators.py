"""What pandas may do with two columns of Decimals, or one and a number: element by element, nothing where either side is nothing. Pure."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

_COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
_UNARY = ("__neg__", "__abs__", "__pos__")
NAMES = (*_COMPARISONS, *(f"__{turn}{one}__" for one in _BINARY for turn in ("", "r")), *_UNARY)


def number(value: Any) -> Any:
    """A Decimal, or None for whatever pandas takes for nothing. A float becomes the shortest decimal that reads as it."""
    if value is None or isinstance(value, Decimal):
        return value
    if value is pd.NA or value != value:  # NaN
        return None
    return Decimal(repr(float(value))) if isinstance(value, float) else Decimal(str(value))


def operated(name: str, array: Any) -> Callable[..., Any]:
    """The method `name` of the class `array`, which is made from objects and has `_objects` and `isna()`."""
    if name in _UNARY:
        unary = getattr(operator, name)
        return lambda self: array(objects=_where(~self.isna(), unary, [self._objects], np.full(len(self), None, dtype=object)))
    return _compared(name) if name in _COMPARISONS else _computed(name, array)


def _compared(name: str) -> Callable[[Any, Any], Any]:
    """Booleans; where nothing is, only != holds."""
    function = getattr(operator, name)

    def method(self: Any, other: Any) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        there = ~(self.isna() | _isna(other))
        return _where(there, function, [self._objects, _plain(other, len(self))], np.full(len(self), name == "__ne__", dtype=bool))

    return method


def _computed(name: str, array: Any) -> Callable[[Any, Any], Any]:
    turned = name.startswith("__r")
    function = getattr(operator, f"__{name.removeprefix('__r')}" if turned else name)

    def method(self: Any, other: Any) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        sides = [self._objects, _plain(other, len(self))]
        there = ~(self.isna() | _isna(other))
        return array(objects=_where(there, function, sides[::-1] if turned else sides, np.full(len(self), None, dtype=object)))

    return method


def _where(there: Any, function: Callable[..., Any], sides: list[Any], result: Any) -> Any:
    result[there] = function(*(side[there] if isinstance(side, np.ndarray) else side for side in sides))
    return result


def _plain(other: Any, rows: int) -> Any:
    if not isinstance(other, list | np.ndarray | ExtensionArray):
        return other
    if len(other) != rows:
        raise ValueError(f"{rows} numbers and {len(other)} others: lengths must match")
    return np.asarray(other, dtype=object)


def _isna(other: Any) -> Any:
    return other.isna() if isinstance(other, ExtensionArray) else pd.isna(other)
