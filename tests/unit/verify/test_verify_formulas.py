"""The audit's formulas against the stage's: two codes that share nothing, one catalogue. And what the audit says of a line with many indicators."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from processors.indicators.catalogue import CATALOGUE, Chosen, choose, chosen
from processors.indicators.spec import Ohlcv
from runtime.settings import IndicatorSettings, ProcessSettings, Settings
from schemas.ticks import Trade
from tests.indicator_support import DEFAULTS, columns, market, output_columns, quiet_market, streamed
from tests.memory_tables import MemoryTables
from tests.unit.processors.test_indicators_batch import NEAR_ZERO, OTHERS, SHORTER, usual
from tests.verify_world import START_NS, World, audit, envelope, told
from tickerplant.verify.definitions import FORMULAS, calculate, define
from tickerplant.verify.formula import Columns, back, deviation, mean, over, rolled
from tickerplant.verify.parameters import from_settings
from tickerplant.verify.store import Series

MINUTE_NS = 60_000_000_000
BTC = Series("BTC-USDT", "binance")
EVERYTHING = Settings(process=ProcessSettings(indicators=IndicatorSettings(also=("all", "bbands_10_1.5"))))


def test_the_audit_has_a_formula_for_the_whole_catalogue_with_the_same_parameters() -> None:
    assert set(FORMULAS) == set(CATALOGUE)
    for name, formula in FORMULAS.items():
        assert {key: parameter.default for key, parameter in CATALOGUE[name].parameters.items()} == formula.defaults, name
        assert [isinstance(default, int) for default in formula.defaults.values()] == [p.whole for p in CATALOGUE[name].parameters.values()]


@pytest.mark.parametrize("settings", [EVERYTHING, Settings()])
def test_the_audit_expects_the_keys_that_the_stage_writes(settings: Settings) -> None:
    definitions = calculate(Columns(**columns(market(1, 100))), from_settings(settings))
    wanted = {choice.key: choice for choice in chosen(settings.process)}
    assert {definition.name for definition in definitions} == set(wanted)
    for definition in definitions:
        choice = wanted[definition.name]
        assert definition.minimum_bars == choice.minimum_bars, definition.name
        assert definition.parameters == choice.value({}, 0).parameters
        assert set(definition.outputs) == set(choice.spec.outputs)


@pytest.mark.parametrize("choices", [DEFAULTS, SHORTER, OTHERS], ids=["defaults", "shorter", "others"])
@pytest.mark.parametrize("bars", [market(11, 300), quiet_market(12, 400)], ids=["market", "quiet"])
def test_the_audit_agrees_with_the_stream(choices: tuple[Chosen, ...], bars: list[Ohlcv]) -> None:
    """As near as the audit asks for, and nearer where nothing near zero makes that meaningless."""
    ours = output_columns(choices, streamed(choices, bars))
    for choice in choices:
        definition = define(Columns(**columns(bars)), choice.key)
        assert definition is not None
        assert definition.name == choice.key
        for output, expected in definition.outputs.items():
            np.testing.assert_allclose(ours[choice.key, output], expected, rtol=1e-9, atol=definition.absolute[output], err_msg=choice.key)
            if bars[0].close > 1000:
                scale = usual(expected) if choice.spec.name in NEAR_ZERO else 0.0
                np.testing.assert_allclose(ours[choice.key, output], expected, rtol=1e-11, atol=1e-11 * scale, err_msg=choice.key)


@pytest.mark.parametrize("key", ["", "nix", "atr_1_2", "ATR_14", "atr_", "rsi_2_"])
def test_a_key_that_is_none_has_no_definition(key: str) -> None:
    assert define(Columns(**columns(market(1, 10))), key) is None


@pytest.mark.parametrize("bars", [1, 2, 5])
def test_few_bars_have_few_values(bars: int) -> None:
    for definition in calculate(Columns(**columns(market(1, bars))), from_settings(EVERYTHING)):
        assert {len(series) for series in definition.outputs.values()} == {bars}


def test_windows_by_hand() -> None:
    series = np.array([1.0, 2.0, 4.0])
    assert list(mean(series, 2)[1:]) == [1.5, 3.0]
    assert list(deviation(np.array([1.0, 3.0, 3.0]), 2)[1:]) == [1.0, 0.0]
    assert list(back(series, 1)[1:]) == [1.0, 2.0]
    assert np.isnan(back(series, 5)).all()
    assert list(over(np.array([1.0, 2.0]), np.array([0.0, 4.0]))) == [0.0, 0.5]
    long = np.arange(10_000.0)
    assert list(rolled(long, 3, lambda rows: rows[:, 0])[2:]) == list(long[:-2])


@pytest.fixture(scope="module")
def everything() -> MemoryTables:
    """Seventy minutes with every indicator, trades late enough to correct bars among them, and minutes without a trade."""
    world, trade_id = World(EVERYTHING), 0
    for minute in range(75):
        if minute % 25 == 24:
            continue
        ticks = []
        for second in (3, 30):
            trade_id += 1
            at_ns = START_NS + (minute * 60 + second) * 1_000_000_000
            price = 100 + (minute * 37 + second * 11) % 40 / 10 if minute > 20 else 100
            ticks.append(Trade("BTC-USDT", f"{price}", f"0.{trade_id % 97 + 1:03}", at_ns, at_ns, trade_id, "sell"))
        if minute in (40, 70):
            trade_id += 1
            ticks.append(Trade("BTC-USDT", "99.5", "3", ticks[0].ts_event_ns - 600_000_000_000, at_ns, trade_id, "buy"))
        world.feed(envelope(ticks))
    return world.tables()


def test_a_line_with_all_indicators_has_no_difference(everything: MemoryTables) -> None:
    report = audit(everything, EVERYTHING)
    assert [difference.sentence() for difference in report.differences] == []
    assert report.compared["technical_indicators"] > 50 * len(CATALOGUE)
    assert {name for _, name, _ in everything.indicator_rows[BTC, "1m"]} == {choice.key for choice in chosen(EVERYTHING.process)}


def test_what_is_stored_though_it_is_not_configured_is_recomputed_too(everything: MemoryTables) -> None:
    assert told(audit(everything, Settings())) == []
    rows = everything.indicator_rows[BTC, "1m"]
    key = max(key for key in rows if key[1:] == ("atr_14", "value"))
    before = rows[key]
    try:
        rows[key] = before._replace(value=before.value * 1.001)
        for settings in (Settings(), EVERYTHING):
            assert told(audit(everything, settings)) == [("technical_indicators", "differs", "value")]
        del rows[key]
        assert told(audit(everything, Settings())) == []
        assert told(audit(everything, EVERYTHING)) == [("technical_indicators", "missing", "")]
    finally:
        rows[key] = before


def test_an_indicator_without_a_formula_is_listed_as_not_audited(everything: MemoryTables) -> None:
    rows = everything.indicator_rows[BTC, "1m"]
    key = next(iter(rows))
    strange = (key[0], "secret_sauce_7", "value")
    try:
        rows[strange] = rows[key]._replace(indicator_name="secret_sauce_7", output="value")
        report = audit(everything, EVERYTHING)
        assert told(report) == []
        assert report.notes["not audited, there is no formula for it: secret_sauce_7"] == 1
    finally:
        del rows[strange]


def test_with_a_cut_beginning_sums_since_the_start_are_not_judged(everything: MemoryTables) -> None:
    start_ns = START_NS + 30 * MINUTE_NS
    cut = MemoryTables()
    for name in ("bar_rows", "indicator_rows", "signal_rows"):
        for series, rows in getattr(everything, name).items():
            kept = {key: row for key, row in rows.items() if row.ts_open_ns >= start_ns}
            getattr(cut, name)[series].update(kept)
    cut.tick_rows[BTC] = [tick for tick in everything.tick_rows[BTC] if tick.ts_event_ns >= start_ns]
    report = audit(cut, replace(from_settings(EVERYTHING), start_ns=start_ns + 40 * MINUTE_NS))
    assert [d.sentence() for d in report.differences if d.table == "technical_indicators"] == []


def test_choices_of_the_stage_and_of_the_audit_have_one_spelling() -> None:
    assert choose("bbands", {"deviations": 2.5}).key == "bbands_20_2.5"
    definition = define(Columns(**columns(market(1, 30))), "bbands_20_2.5")
    assert definition is not None
    assert definition.name == "bbands_20_2.5"
    assert Decimal(str(definition.parameters["deviations"])) == Decimal("2.5")
