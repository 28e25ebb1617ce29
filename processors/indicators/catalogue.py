"""The indicators as data: names, parameters with ranges, inputs, outputs, minimum data, formulas and where they come from.

The stage, the batch functions, the documentation and whoever validates a user's choice read this. What is said of an indicator stands in
processors/indicators/entries, the code of its formula in processors/indicators/formulas, by family.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from processors.indicators.entries import (
    averages,
    convergence,
    directional,
    momentum,
    money_flow,
    oscillators,
    prices,
    ranges,
    smoothing,
    spread,
    volume,
)
from processors.indicators.spec import IndicatorSpec, Parameters
from runtime.errors import UserError
from runtime.settings import ProcessSettings
from schemas.indicators import IndicatorValue

ALL = "all"
_FAMILIES = (momentum, convergence, averages, smoothing, directional, oscillators, ranges, spread, volume, money_flow, prices)
CATALOGUE: dict[str, IndicatorSpec] = {spec.name: spec for family in _FAMILIES for spec in family.SPECS}


@dataclass(frozen=True)
class Chosen:
    """An indicator with its parameters. key: on the wire, as `macd_12_26_9`: the name and the parameters in the catalogue's order."""

    spec: IndicatorSpec
    parameters: Parameters

    @cached_property
    def key(self) -> str:
        return "_".join([self.spec.name, *(f"{self.parameters[name]:g}" for name in self.spec.parameters)])

    @cached_property
    def minimum_bars(self) -> int:
        return self.spec.minimum_bars(self.parameters)

    @cached_property
    def _floats(self) -> dict[str, float]:
        return {name: float(number) for name, number in self.parameters.items()}

    def value(self, values: dict[str, float], bars: int) -> IndicatorValue:
        """As an event says it, after so many bars."""
        return IndicatorValue(self.spec.name, self._floats, values, bars >= self.minimum_bars, self.minimum_bars)


def chosen(settings: ProcessSettings) -> tuple[Chosen, ...]:
    """RSI, MACD and momentum as configured, which the signals are made of; then the others that process.indicators.also asks for, each once.

    Raises UserError for a name or a parameter that the catalogue does not have.
    """
    three = (
        Chosen(CATALOGUE["rsi"], {"period": settings.rsi_period}),
        Chosen(CATALOGUE["macd"], {"fast": settings.macd_fast, "slow": settings.macd_slow, "signal": settings.macd_signal}),
        Chosen(CATALOGUE["momentum"], {"period": settings.momentum_period}),
    )
    by_key = {choice.key: choice for choice in three}
    try:
        for choice in _asked(settings.indicators.also):
            by_key.setdefault(choice.key, choice)
    except UserError as error:
        raise UserError(f"setting process.indicators.also: {error}") from None
    return tuple(by_key.values())


def _asked(texts: Iterable[str]) -> Iterable[Chosen]:
    for text in texts:
        yield from [choose(name) for name in CATALOGUE] if text == ALL else [parse(text)]


def parse(text: str) -> Chosen:
    """`atr`, or with its first parameters or all of them: `atr_14`, `bbands_20_2.5`. Raises UserError."""
    fitting = [name for name in CATALOGUE if text == name or text.startswith(f"{name}_")]
    if not fitting:
        raise UserError(f"indicator {text[:64]!r} is not known; allowed are {ALL} and {', '.join(sorted(CATALOGUE))}")
    spec = CATALOGUE[max(fitting, key=len)]
    numbers = text.removeprefix(spec.name).split("_")[1:]
    if len(numbers) > len(spec.parameters):
        raise UserError(f"indicator {text[:64]!r}: {_usage(spec)}")
    return choose(spec.name, dict(zip(spec.parameters, numbers, strict=False)))


def choose(name: str, parameters: Mapping[str, float | str] | None = None) -> Chosen:
    """The indicator with these parameters and the defaults of the others. Raises UserError."""
    given = dict(parameters or {})
    spec = CATALOGUE.get(name)
    if spec is None:
        raise UserError(f"indicator {name[:64]!r} is not known; allowed are {', '.join(sorted(CATALOGUE))}")
    if unknown := sorted(set(given) - set(spec.parameters)):
        raise UserError(f"{name} has no parameter {', '.join(unknown)}; {_usage(spec)}")
    full = {key: _number(spec, key, given.get(key, parameter.default)) for key, parameter in spec.parameters.items()}
    for before, after in pairwise(spec.ascending):
        if full[before] >= full[after]:
            raise UserError(f"{name}: {before} ({full[before]:g}) must be below {after} ({full[after]:g})")
    return Chosen(spec, full)


def _number(spec: IndicatorSpec, key: str, given: float | str) -> float:
    """A whole parameter as int."""
    parameter = spec.parameters[key]
    try:
        number = float(given)
    except ValueError:
        number = float("nan")
    if not parameter.low <= number <= parameter.high or (parameter.whole and number != int(number)):
        raise UserError(f"{spec.name}: {key} cannot be {str(given)[:64]!r}; {_usage(spec)}")
    return int(number) if parameter.whole else number


def _usage(spec: IndicatorSpec) -> str:
    """`atr takes period (a whole number from 2 to 500, default 14)`."""
    if not spec.parameters:
        return f"{spec.name} takes no parameters"
    kinds = {True: "a whole number", False: "a number"}
    said = (f"{name} ({kinds[p.whole]} from {p.low:g} to {p.high:g}, default {p.default:g})" for name, p in spec.parameters.items())
    return f"{spec.name} takes {', '.join(said)}"
