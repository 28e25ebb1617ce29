"""The page docs/reference/indicator-catalogue.md, made from the catalogue of the indicators."""

from collections.abc import Iterable

from processors.indicators.catalogue import CATALOGUE, Chosen, choose
from processors.indicators.spec import IndicatorSpec

_INTRODUCTION = """<!-- made from processors/indicators/entries by `python -m tickerplant.reference`; edit those files, not this one -->

# The catalogue of indicators

What `process.indicators.also` can name; a key is the name with its parameters in this order, and parameters left out have their defaults: `bbands` is
`bbands_20_2`. First bar and warm from hold for the defaults. Memory: a `window` depends on the last bars alone; `recursive` on all bars, with weight that
fades, so it converges after its start; `cumulative` on all bars since the series or session began. See [indicators](indicators.md) for what a record says.

"""


def catalogue() -> str:
    """A table to choose from, then every formula with its oracle and source."""
    choices = [choose(name) for name in CATALOGUE]
    rows = "".join(f"| {' | '.join(_row(choice))} |\n" for choice in choices)
    head = "| key with defaults | parameters (range) | reads | outputs | memory | first bar | warm from |\n"
    formulas = "".join(_formula(choice.spec) for choice in choices)
    return f"{_INTRODUCTION}{head}| --- | --- | --- | --- | --- | --- | --- |\n{rows}\n## Formulas\n\n{formulas}"


def _row(choice: Chosen) -> Iterable[str]:
    spec = choice.spec
    ranges = (f"{name} {p.default:g} ({p.low:g} to {p.high:g})" for name, p in spec.parameters.items())
    yield f"`{choice.key}`"
    yield ", ".join(ranges) or "–"
    yield ", ".join(spec.inputs)
    yield ", ".join(f"`{output}`" for output in spec.outputs)
    yield spec.memory
    yield str(spec.first_bar(choice.parameters))
    yield str(choice.minimum_bars)


def _formula(spec: IndicatorSpec) -> str:
    oracle = spec.oracle.replace("; ", ", ") or "none in TA-Lib"
    return f"- {spec.name}: {spec.formula}.\n  Oracle: {oracle}. Source: {spec.source}.\n"
