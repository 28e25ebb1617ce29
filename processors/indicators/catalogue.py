"""The indicators as data: names, parameters with ranges, outputs, minimum data, formulas and where they come from.

The stage, the documentation and whoever validates a user's choice read this; the code of a formula stands in the module of its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runtime.settings import ProcessSettings
from schemas.indicators import IndicatorValue

Parameters = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A whole number from low to high."""

    low: int
    high: int
    default: int


@dataclass(frozen=True, slots=True)
class IndicatorSpec:
    """One indicator.

    first_bar: the bar, counted from 1, from which its outputs are there; minimum_bars: from which it is called warm (S0's rule for minimum data).
    oracle: the TA-Lib function that it equals; source: where the formula comes from. inputs: fields of a bar.
    """

    name: str
    parameters: Mapping[str, Parameter]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    first_bar: Callable[[Parameters], int]
    minimum_bars: Callable[[Parameters], int]
    formula: str
    oracle: str
    source: str


CATALOGUE: dict[str, IndicatorSpec] = {
    "rsi": IndicatorSpec(
        name="rsi",
        parameters={"period": Parameter(2, 500, 14)},
        inputs=("close",),
        outputs=("value",),
        first_bar=lambda p: p["period"] + 1,
        minimum_bars=lambda p: 2 * p["period"],
        formula="100 * G / (G + L); G, L: Wilder averages of gains and losses, seeded with the mean of the first `period` changes; 0 where G + L is 0",
        oracle="talib.RSI",
        source="J. Welles Wilder, New Concepts in Technical Trading Systems, 1978",
    ),
    "macd": IndicatorSpec(
        name="macd",
        parameters={"fast": Parameter(2, 500, 12), "slow": Parameter(3, 1000, 26), "signal": Parameter(2, 500, 9)},
        inputs=("close",),
        outputs=("macd", "signal", "histogram", "previous_histogram"),
        first_bar=lambda p: p["slow"] + p["signal"] - 1,
        minimum_bars=lambda p: p["slow"] + p["signal"] + 10,
        formula="macd = EMA(close, fast) - EMA(close, slow); signal = EMA(macd, signal); histogram = macd - signal; EMAs seeded with simple means",
        oracle="talib.MACD",
        source="Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005",
    ),
    "momentum": IndicatorSpec(
        name="momentum",
        parameters={"period": Parameter(1, 500, 10)},
        inputs=("close",),
        outputs=("value",),
        first_bar=lambda p: p["period"] + 1,
        minimum_bars=lambda p: p["period"] + 5,
        formula="(close - close[period bars back]) / close[period bars back], a fraction",
        oracle="talib.ROCP",
        source="rate of change; requirements S0, task 3.3",
    ),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """An indicator with its parameters. key: on the wire, as `macd_12_26_9`: the name and the parameters in the catalogue's order."""

    spec: IndicatorSpec
    parameters: Mapping[str, int]

    @property
    def key(self) -> str:
        return "_".join([self.spec.name, *(str(self.parameters[name]) for name in self.spec.parameters)])

    def value(self, values: dict[str, float], bars: int) -> IndicatorValue:
        """As an event says it, after so many bars."""
        minimum_bars = self.spec.minimum_bars(self.parameters)
        return IndicatorValue(
            name=self.spec.name,
            parameters={name: float(number) for name, number in self.parameters.items()},
            values=values,
            warm=bars >= minimum_bars,
            minimum_bars=minimum_bars,
        )


def chosen(settings: ProcessSettings) -> tuple[Chosen, Chosen, Chosen]:
    """RSI, MACD and momentum as configured."""
    return (
        Chosen(CATALOGUE["rsi"], {"period": settings.rsi_period}),
        Chosen(CATALOGUE["macd"], {"fast": settings.macd_fast, "slow": settings.macd_slow, "signal": settings.macd_signal}),
        Chosen(CATALOGUE["momentum"], {"period": settings.momentum_period}),
    )
