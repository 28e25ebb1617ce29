import pytest
from talib import abstract

from processors.indicators.catalogue import CATALOGUE, choose, chosen, parse
from processors.indicators.streaming import States
from runtime.errors import UserError
from runtime.settings import IndicatorSettings, ProcessSettings
from tests.indicator_support import DEFAULTS, market, streamed
from tests.support import ROOT

OTHER = ProcessSettings(rsi_period=5, macd_fast=10, macd_slow=30, macd_signal=4, momentum_period=3)
S2 = "sma ema wma macd bbands sar adx rsi stoch willr cci roc momentum obv ad cmf vroc vwap atr bbands_width stddev hv"  # S2 4.6
LATER = {("macd", "previous_histogram"): 35, ("adx", "adx"): 28}  # outputs that come after the others


def also(*names: str) -> ProcessSettings:
    return ProcessSettings(indicators=IndicatorSettings(also=names))


def test_keys_and_parameters_are_those_on_the_wire() -> None:
    rsi, macd, momentum = chosen(ProcessSettings())
    assert (rsi.key, macd.key, momentum.key) == ("rsi_14", "macd_12_26_9", "momentum_10")
    assert [choice.key for choice in chosen(OTHER)] == ["rsi_5", "macd_10_30_4", "momentum_3"]
    assert macd.value({}, 1).parameters == {"fast": 12.0, "slow": 26.0, "signal": 9.0}


def test_the_catalogue_has_all_of_the_requirements_and_more() -> None:
    assert set(S2.split()) <= set(CATALOGUE)
    assert len(CATALOGUE) == 66


@pytest.mark.parametrize(("position", "minimum_bars"), [(0, 28), (1, 45), (2, 15)])
def test_minimum_data_is_s0s(position: int, minimum_bars: int) -> None:
    choice = chosen(ProcessSettings())[position]
    assert choice.value({}, minimum_bars).minimum_bars == minimum_bars
    assert [choice.value({}, bars).warm for bars in (minimum_bars - 1, minimum_bars)] == [False, True]


@pytest.mark.parametrize(("text", "key"), [("ema", "ema_20"), ("rsi_50", "rsi_50"), ("obv", "obv"), ("adosc", "adosc_3_10")])
def test_a_recursive_indicator_needs_its_length_again_to_be_warm(text: str, key: str) -> None:
    choice = parse(text)
    more = {"ema": 20, "rsi": 49, "obv": 0, "adosc": 10}[choice.spec.name]
    assert (choice.key, choice.minimum_bars) == (key, choice.spec.first_bar(choice.parameters) + more)


def test_outputs_appear_from_the_bar_that_the_catalogue_says_and_before_it_is_warm() -> None:
    rows = streamed(DEFAULTS, market(1, 120))
    for index, choice in enumerate(DEFAULTS):
        for output in choice.spec.outputs:
            first = next(number for number, row in enumerate(rows, 1) if output in row[index])
            assert first == LATER.get((choice.spec.name, output), choice.spec.first_bar(choice.parameters)), (choice.key, output)
            assert first <= choice.minimum_bars
        assert set(rows[-1][index]) == set(choice.spec.outputs)


def test_ranges_and_defaults_are_those_of_the_settings() -> None:
    names = {"rsi": "rsi_{}", "macd": "macd_{}", "momentum": "momentum_{}"}
    for spec in (CATALOGUE[name] for name in names):
        for name, parameter in spec.parameters.items():
            field = ProcessSettings.model_fields[names[spec.name].format(name)]
            low, high = (getattr(limit, side) for limit, side in zip(field.metadata, ("ge", "le"), strict=True))
            assert (low, high, field.default) == (parameter.low, parameter.high, parameter.default)


def test_every_oracle_exists() -> None:
    for spec in CATALOGUE.values():
        for call in filter(None, spec.oracle.split("; ")):
            assert abstract.Function(call.removeprefix("talib.").split("(")[0]).info["name"]


@pytest.mark.parametrize("end", ["low", "high"])
def test_every_indicator_runs_at_the_ends_of_its_ranges(end: str) -> None:
    for spec in CATALOGUE.values():
        numbers = {name: getattr(parameter, end) for name, parameter in spec.parameters.items()}
        for place, name in enumerate(spec.ascending):
            numbers[name] += place if end == "low" and spec.parameters[name].whole else 0
        if end == "high" or "maximum" in numbers:
            numbers = {name: number for name, number in numbers.items() if name not in spec.ascending}
        choice = choose(spec.name, numbers)
        streamed([choice], market(3, 20))
        assert parse(choice.key) == choice


def test_the_setting_chooses_more_each_once_and_after_the_three() -> None:
    keys = [choice.key for choice in chosen(also("atr", "rsi_14", "rsi_7", "bbands_10", "bbands_width_20_2.5", "atr_14"))]
    assert keys == ["rsi_14", "macd_12_26_9", "momentum_10", "atr_14", "rsi_7", "bbands_10_2", "bbands_width_20_2.5"]
    everything = chosen(also("all", "sma_50"))
    assert len(everything) == len(CATALOGUE) + 1
    assert {choice.spec.name for choice in everything} == set(CATALOGUE)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("atrr", "indicator 'atrr' is not known; allowed are all and ad, adosc, adr"),
        ("", "indicator '' is not known"),
        ("atr_1", r"atr: period cannot be '1'; atr takes period \(a whole number from 2 to 500, default 14\)"),
        ("atr_2.5", "atr: period cannot be '2.5'"),
        ("atr_x", "atr: period cannot be 'x'"),
        ("atr_nan", "atr: period cannot be 'nan'"),
        ("atr_14_3", "indicator 'atr_14_3': atr takes period"),
        ("obv_3", "obv takes no parameters"),
        ("bbands_20_0", r"bbands: deviations cannot be '0'; bbands takes .*deviations \(a number from 0.1 to 20, default 2\)"),
        ("ppo_26_12", r"ppo: fast \(26\) must be below slow \(12\)"),
    ],
)
def test_a_wrong_choice_is_the_users_mistake_and_says_what_is_allowed(name: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        chosen(also(name))


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(UserError, match="atr has no parameter length; atr takes period"):
        choose("atr", {"length": 3})
    with pytest.raises(UserError, match="'nix' is not known"):
        choose("nix")


def test_a_copy_is_independent() -> None:
    states = States.empty(DEFAULTS)
    bars = market(2, 50)
    for bar in bars:
        states.update(bar)
    copy = states.copy()
    assert copy == states
    copy.update(bars[0])
    assert copy != states
    assert states.bars == 50


def test_the_catalogue_page_has_every_indicator() -> None:
    page = (ROOT / "docs" / "reference" / "indicator-catalogue.md").read_text()
    for choice in DEFAULTS:
        assert f"| `{choice.key}` |" in page
        assert choice.spec.source in page
