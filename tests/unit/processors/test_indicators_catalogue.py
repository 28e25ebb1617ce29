import pytest
from talib import abstract

from processors.indicators.catalogue import CATALOGUE, chosen
from processors.indicators.streaming import States
from runtime.settings import ProcessSettings
from tests.support import ROOT
from tests.unit.processors.test_indicator_formulas import walk

OTHER = ProcessSettings(rsi_period=5, macd_fast=10, macd_slow=30, macd_signal=4, momentum_period=3)


def test_keys_and_parameters_are_those_on_the_wire() -> None:
    rsi, macd, momentum = chosen(ProcessSettings())
    assert (rsi.key, macd.key, momentum.key) == ("rsi_14", "macd_12_26_9", "momentum_10")
    assert [choice.key for choice in chosen(OTHER)] == ["rsi_5", "macd_10_30_4", "momentum_3"]
    assert macd.value({}, 1).parameters == {"fast": 12.0, "slow": 26.0, "signal": 9.0}


@pytest.mark.parametrize(("position", "minimum_bars"), [(0, 28), (1, 45), (2, 15)])
def test_minimum_data_is_s0s(position: int, minimum_bars: int) -> None:
    choice = chosen(ProcessSettings())[position]
    assert choice.value({}, minimum_bars).minimum_bars == minimum_bars
    assert [choice.value({}, bars).warm for bars in (minimum_bars - 1, minimum_bars)] == [False, True]


@pytest.mark.parametrize("settings", [ProcessSettings(), OTHER])
def test_outputs_appear_from_the_bar_that_the_catalogue_says_and_before_it_is_warm(settings: ProcessSettings) -> None:
    choices = chosen(settings)
    states = States.empty(choices)
    first: dict[str, int] = {}
    for close in walk(80, 1):
        states.update(close)
        for choice, values in zip(choices, states.values(), strict=True):
            if values and choice.key not in first:
                first[choice.key] = states.bars
    assert first == {choice.key: choice.spec.first_bar(choice.parameters) for choice in choices}
    assert all(choice.spec.first_bar(choice.parameters) <= choice.spec.minimum_bars(choice.parameters) for choice in choices)


def test_ranges_and_defaults_are_those_of_the_settings() -> None:
    names = {"rsi": "rsi_{}", "macd": "macd_{}", "momentum": "momentum_{}"}
    for spec in CATALOGUE.values():
        for name, parameter in spec.parameters.items():
            field = ProcessSettings.model_fields[names[spec.name].format(name)]
            low, high = (getattr(limit, side) for limit, side in zip(field.metadata, ("ge", "le"), strict=True))
            assert (low, high, field.default) == (parameter.low, parameter.high, parameter.default)


def test_every_oracle_exists() -> None:
    for spec in CATALOGUE.values():
        assert abstract.Function(spec.oracle.removeprefix("talib.")).info["name"]


def test_a_copy_is_independent() -> None:
    states = States.empty(chosen(ProcessSettings()))
    for close in walk(50, 2):
        states.update(close)
    copy = states.copy()
    assert copy == states
    copy.update(1.0)
    assert copy != states
    assert len(states.momentum.closes) == 11


def test_the_reference_page_says_what_the_catalogue_says() -> None:
    page = (ROOT / "docs" / "reference" / "indicators.md").read_text()
    for choice in chosen(ProcessSettings()):
        spec = choice.spec
        assert f"| `{choice.key}` |" in page
        assert f"- {spec.name}: {spec.formula}.\n  Oracle: {spec.oracle}. Source: {spec.source}." in page
        for name, parameter in spec.parameters.items():
            assert f"{name} {parameter.default} ({parameter.low} to {parameter.high})" in page
