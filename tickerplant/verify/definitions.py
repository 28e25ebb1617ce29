"""Which indicators a line was configured with, and their values over all bars of a series."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tickerplant.verify.bar_formulas import BAR_FORMULAS
from tickerplant.verify.close_formulas import CLOSE_FORMULAS
from tickerplant.verify.formula import Columns, Floats, Formula
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.rows import BarRow

FORMULAS: dict[str, Formula] = CLOSE_FORMULAS | BAR_FORMULAS
_KEY = re.compile(r"([a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*)((?:_[0-9.]+)*)")
_LAST_BITS = 1e-12
_SETTLE = 40  # with a cut beginning, values are compared after so many times the longest period: the seed is forgotten to 1e-9 by then


@dataclass(frozen=True, slots=True)
class Definition:
    """One indicator over a whole series. outputs: arrays as long as the series, NaN where there is no value.

    component: of the signals, empty if it is none. settled_bars: with a cut beginning, compared from so many bars on; None: never.
    absolute: what values may differ by, by output: differences of large numbers carry the last bits of those.
    """

    component: str
    name: str
    parameters: dict[str, float]
    minimum_bars: int
    outputs: dict[str, Floats]
    settled_bars: int | None = 0
    absolute: dict[str, float] = field(default_factory=dict)


def columns(bars: Sequence[BarRow]) -> Columns:
    """The bars as arrays."""
    prices = [[float(getattr(bar, name)) for bar in bars] for name in ("open_price", "high_price", "low_price", "close_price", "volume")]
    open_, high, low, close, volume = np.array(prices, dtype=np.float64)
    return Columns(open_, high, low, close, volume, np.array([bar.ts_open_ns for bar in bars], dtype=np.int64))


def calculate(bars: Columns, parameters: Parameters) -> list[Definition]:
    """All configured indicators of these bars, the signals' components first; none of no bars."""
    if not len(bars.close):
        return []
    three = {
        "macd": (parameters.macd_fast, parameters.macd_slow, parameters.macd_signal),
        "rsi": (parameters.rsi_period,),
        "momentum": (parameters.momentum_period,),
    }
    found = [_definition(bars, name, values, component=name) for name, values in three.items()]
    known = {definition.name for definition in found}
    for key in _asked(parameters.also):
        definition = define(bars, key)
        if definition is not None and definition.name not in known:
            known.add(definition.name)
            found.append(definition)
    return found


def _asked(also: Iterable[str]) -> Iterable[str]:
    for key in also:
        yield from FORMULAS if key == "all" else [key]


def define(bars: Columns, key: str) -> Definition | None:
    """The indicator of a key such as `bbands_20_2.5`, defaults for parameters left out; None if the audit has no formula for it."""
    matched = _KEY.fullmatch(key)
    formula = FORMULAS.get(matched[1]) if matched else None
    if matched is None or formula is None:
        return None
    given = [float(number) for number in matched[2].split("_")[1:]]
    values = [*given, *list(formula.defaults.values())[len(given) :]]
    return _definition(bars, matched[1], values) if len(values) == len(formula.defaults) else None


def _definition(bars: Columns, name: str, values: Sequence[float], component: str = "") -> Definition:
    formula = FORMULAS[name]
    parameters = {parameter: float(value) for parameter, value in zip(formula.defaults, values, strict=True)}
    # Lengths are ints for TA-Lib and slices; what is a fraction by default stays one.
    numbers = [
        float(value) if isinstance(default, float) else int(value) for value, default in zip(values, formula.defaults.values(), strict=True)
    ]
    key = "_".join([name, *(f"{number:g}" for number in numbers)])
    longest = max((number for number in numbers if isinstance(number, int)), default=20)
    outputs = dict(formula.outputs(bars, *numbers))
    settled = None if formula.is_cumulative else _SETTLE * longest
    absolute = {output: max(formula.absolute, _LAST_BITS * _largest(series)) for output, series in outputs.items()}
    return Definition(component, key, parameters, formula.minimum_bars(*numbers), outputs, settled, absolute)


def _largest(series: Floats) -> float:
    return float(np.max(np.abs(series), where=~np.isnan(series), initial=0.0))
