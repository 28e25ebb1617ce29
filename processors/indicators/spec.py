"""What the catalogue says of an indicator, and what its streaming state must be able to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from msgspec import Struct

Parameters = Mapping[str, Any]  # int where the parameter is whole, else float
Values = dict[str, float]
Memory = Literal["window", "recursive", "cumulative"]
Input = Literal["open", "high", "low", "close", "volume", "ts_open_ns"]


class Ohlcv(NamedTuple):
    """A bar as numbers."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    ts_open_ns: int


class State(Struct, array_like=True, tag=True):
    """Base of all streaming states: plain data, so that encoded and decoded again it goes on to the last bit."""

    def update(self, bar: Ohlcv) -> Values:
        """Takes the next closed bar and gives the outputs at it; empty while there is too little data. Outputs are finite numbers."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number from low to high, a whole one unless said otherwise."""

    low: float
    high: float
    default: float
    whole: bool = True


def bars(default: int, low: int = 2, high: int = 500) -> Parameter:
    """A length in bars."""
    return Parameter(low, high, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSpec:
    """One indicator.

    make: the state before the first bar. inputs: fields of a bar. first_bar: the bar, counted from 1, from which its outputs are there;
    minimum: from which it is called warm (S0's rule for minimum data), see minimum_bars. ascending: parameters of which each must be below the next.
    memory: `window`, it depends on the last bars alone; `recursive`, on all bars with fading weight, so it converges after its start;
    `cumulative`, on all bars since its start or anchor. oracle: the calls of TA-Lib that give its outputs in order, over arrays of the inputs;
    empty where TA-Lib has none. source: where the formula comes from.
    """

    name: str
    make: Callable[[Parameters], State]
    inputs: tuple[Input, ...]
    first_bar: Callable[[Parameters], int]
    formula: str
    source: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("value",)
    memory: Memory = "window"
    minimum: Callable[[Parameters], int] | None = None
    ascending: tuple[str, ...] = ()
    oracle: str = ""

    def minimum_bars(self, parameters: Parameters) -> int:
        """S0's number where it has one; else first_bar, and the longest length more for a recursive one, as S0 does with RSI."""
        if self.minimum is not None:
            return self.minimum(parameters)
        more = max((parameters[name] for name, parameter in self.parameters.items() if parameter.whole), default=0)
        return self.first_bar(parameters) + (int(more) if self.memory == "recursive" else 0)


def one(value: float | None) -> Values:
    """The outputs of an indicator with one, None before it has it."""
    return {} if value is None else {"value": value}


def period(parameters: Parameters) -> int:
    """The first bar of what needs `period` bars."""
    return int(parameters["period"])
