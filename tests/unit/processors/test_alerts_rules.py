"""Every kind of rule: what it measures, when it raises and clears."""

from typing import Any

import pytest

from processors.alerts.rules import KINDS, LOOKBACK_BARS, read_rule
from schemas.alerts import PriceLevel
from schemas.timeframes import MINUTE_NS, SECOND_NS
from tests.unit.processors.alert_inputs import PRICE, alerts, bar, closes, gap, indicators, primary, put, quality_windows, said
from tests.unit.processors.inputs import T0_NS

CHANGE = {"id": "move", "kind": "price_change", "direction": "above", "threshold": "2", "bars": 2}
SPIKE = {"id": "spike", "kind": "volume_spike", "threshold": "3", "bars": 4}
RSI = {"id": "rsi", "kind": "indicator_level", "indicator": "rsi_14", "direction": "above", "threshold": "70"}
CROSS = {"id": "cross", "kind": "indicator_cross", "indicator": "rsi_14", "direction": "above", "threshold": "50"}
MACD = {
    "id": "macd",
    "kind": "indicator_cross",
    "indicator": "macd_12_26_9",
    "output": "macd",
    "other_output": "signal",
    "direction": "below",
}
QUALITY = {"id": "quality", "kind": "quality_below", "threshold": "0.8", "hysteresis": "0.1"}
GAPS = {"id": "gaps", "kind": "gap_open", "minimum_size": 3}
DOWN = {"id": "down", "kind": "source_down", "silent_s": 150}
MOVED = {"id": "moved", "kind": "primary_changed"}


def test_price_above_raises_once_and_clears_at_the_threshold() -> None:
    assert said(put(PRICE), *closes(99, 100, "100.01", 105, 101, 100, 101)) == [
        ("raised", 2, "100.01"),
        ("cleared", 5, "100"),
        ("raised", 6, "101"),
    ]


def test_price_below() -> None:
    rule = PRICE | {"direction": "below", "hysteresis": "2"}
    assert said(put(rule), *closes(100, "99.99", 101, "102.00", 99)) == [("raised", 1, "99.99"), ("cleared", 3, "102"), ("raised", 4, "99")]


def test_hysteresis_the_price_must_come_back_by_so_much() -> None:
    rule = PRICE | {"hysteresis": "1.5"}
    assert said(put(rule), *closes(101, 99, 101, "98.51", 101, "98.5", 101)) == [
        ("raised", 0, "101"),
        ("cleared", 5, "98.5"),
        ("raised", 6, "101"),
    ]


def test_cool_down_holds_in_event_time_and_a_cause_that_lasts_raises_after_it() -> None:
    rule = PRICE | {"cooldown_s": 240}
    assert said(put(rule), *closes(101, 99, 101, 102, 103)) == [("raised", 0, "101"), ("cleared", 1, "99"), ("raised", 4, "103")]


def test_high_and_low_of_the_bar() -> None:
    spike = bar(0, "99", high="105", low="90")
    assert said(put(PRICE | {"field": "high"}), spike) == [("raised", 0, "105")]
    assert said(put(PRICE | {"field": "low", "direction": "below", "threshold": "91"}), spike) == [("raised", 0, "90")]


def test_prices_are_compared_exactly() -> None:
    rule = PRICE | {"threshold": "0.30000000000000000001"}
    assert said(put(rule), *closes("0.30000000000000000001", "0.30000000000000000002")) == [("raised", 1, "0.30000000000000000002")]


def test_price_change_over_bars() -> None:
    assert said(put(CHANGE), *closes(100, 101, 102, 104, 103)) == [
        ("raised", 3, "2.9702970297"),
        ("cleared", 4, "0.980392156863"),
    ]
    assert said(put(CHANGE | {"direction": "below", "threshold": "-2"}), *closes(100, 100, "97.5")) == [("raised", 2, "-2.5")]
    assert [one[0] for one in said(put(CHANGE | {"direction": "either"}), *closes(100, 100, "97.5"))] == ["raised"]


def test_volume_spike_is_a_multiple_of_the_median_before() -> None:
    bars = [bar(minute, volume=volume) for minute, volume in enumerate(("1", "2", "100", "4", "9", "9.1"))]
    assert said(put(SPIKE), *bars) == []
    assert said(put(SPIKE), *bars[:4], bar(4, volume="9.3")) == [("raised", 4, "3.1")]
    assert said(put(SPIKE), *(bar(minute, volume="0") for minute in range(6))) == []


def test_indicator_level_waits_until_it_is_warm() -> None:
    records = [indicators(0, warm=False, rsi=80), indicators(1), indicators(2, rsi=70), indicators(3, rsi=70.5), indicators(4, rsi=69)]
    assert said(put(RSI), *records) == [("raised", 3, "70.5"), ("cleared", 4, "69")]


def test_cross_of_a_level_needs_the_other_side_first() -> None:
    rsi = [indicators(minute, rsi=value) for minute, value in enumerate((60, 61, 50, 49, 51, 52, 48, 55))]
    assert said(put(CROSS), *rsi) == [("raised", 4, "51"), ("cleared", 6, "48"), ("raised", 7, "55")]


def test_cross_of_two_outputs() -> None:
    pairs = ((1.0, 0.5), (0.25, 0.5), (0.125, 0.5), (0.75, 0.5), (0.25, 0.75))
    records = [indicators(minute, macd=macd, signal=signal) for minute, (macd, signal) in enumerate(pairs)]
    assert said(put(MACD), *records) == [("raised", 1, "-0.25"), ("cleared", 3, "0.25"), ("raised", 4, "-0.5")]
    assert alerts(put(MACD), *records)[0].subject == "macd_12_26_9.macd - macd_12_26_9.signal"


def test_quality_below() -> None:
    bars = [bar(minute, quality=quality) for minute, quality in enumerate((1.0, 0.79, 0.85, 0.9))]
    assert said(put(QUALITY), *bars) == [("raised", 1, "0.79"), ("cleared", 3, "0.9")]


def test_quality_of_a_source_over_its_last_seconds() -> None:
    found = alerts(put(QUALITY | {"of": "source"}), bar(0, quality=0.1), *quality_windows(1.0, 0.5, 0.85, 0.95))
    assert [(one.state, one.measured, one.timeframe) for one in found] == [("raised", "0.5", ""), ("cleared", "0.95", "")]
    assert found[0].ts_event_ns == found[0].known_at_ns == T0_NS + 10 * SECOND_NS
    assert alerts(put(QUALITY), *quality_windows(0.1)) == []


def test_gap_is_raised_and_cleared_when_its_state_is_final() -> None:
    found = alerts(put(GAPS), gap(1), gap(1), gap(2, size=2), gap(3, channel="quote"), gap(1, "filled"), gap(4, "unfillable"))
    assert [(one.state, one.reason, one.subject, one.measured) for one in found] == [
        ("raised", "condition", "gap-1", "5"),
        ("cleared", "gap_filled", "gap-1", "5"),
        ("raised", "condition", "gap-4", "5"),
    ]
    assert found[1].episode_id == found[0].alert_id


def test_gaps_in_the_cool_down_of_their_symbol_are_not_raised() -> None:
    rule = GAPS | {"cooldown_s": 60}
    found = alerts(put(rule), gap(1), gap(2, at_s=59), gap(3, at_s=59, symbol="ETH-USDT"), gap(4, at_s=60))
    assert [one.subject for one in found] == ["gap-1", "gap-3", "gap-4"]


def test_source_is_down_when_others_go_on_without_it() -> None:
    others = [bar(minute, symbol="ETH-USDT") for minute in range(6)]
    found = alerts(put(DOWN), bar(0), *others, bar(5))
    assert [(one.state, one.symbol, one.reason) for one in found] == [("raised", "BTC-USDT", "condition"), ("cleared", "BTC-USDT", "data")]
    assert found[0].ts_event_ns == T0_NS + 61 * SECOND_NS + 150 * SECOND_NS
    assert found[0].known_at_ns == T0_NS + 3 * MINUTE_NS + 61 * SECOND_NS
    assert alerts(put(DOWN), *closes(1, 2), bar(60)) == []  # alone it cannot be told from a quiet market


def test_filters_of_symbol_source_and_timeframe() -> None:
    bars = [bar(0, "101"), bar(0, "101", symbol="ETH-USDT"), bar(0, "101", source="other"), bar(0, "101", timeframe="5m")]
    for filters, expected in (
        ({"symbols": ["*"]}, {("BTC-USDT", "binance"), ("ETH-USDT", "binance"), ("BTC-USDT", "other")}),
        ({"symbols": ["ETH-USDT", "SOL-USDT"]}, {("ETH-USDT", "binance")}),
        ({"source": "other"}, {("BTC-USDT", "other")}),
        ({"enabled": False}, set()),
    ):
        found = alerts(put(PRICE | filters), *bars)
        assert {(one.symbol, one.source) for one in found} == expected
        assert {one.timeframe for one in found} <= {"1m"}


def test_an_alert_says_all_that_one_needs() -> None:
    (found,) = alerts(
        put(PRICE | {"severity": "critical", "message": "{symbol} {measured} > {threshold} at {time} {{!}}"}), bar(0, "101.50")
    )
    assert (found.rule_id, found.kind, found.severity, found.threshold) == ("high", "price_level", "critical", "100")
    assert found.message == "BTC-USDT 101.5 > 100 at 2024-01-01T00:01:00Z {!}"
    assert (found.ts_event_ns, found.known_at_ns) == (T0_NS + MINUTE_NS, T0_NS + 61 * SECOND_NS)
    assert found.episode_id == found.alert_id


@pytest.mark.parametrize("symbol", ["BRK.B", "I.SPX", "EUR-USD", "AAPL", "*"])
def test_every_symbol_that_a_source_may_carry_can_have_a_rule(symbol: str) -> None:
    assert read_rule(PRICE | {"symbols": [symbol]}).symbols == (symbol,)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "moon"}, "kind 'moon' is none; there are: price_level"),
        ({"colour": 1}, "a price_level rule has no colour; it has: cooldown_s"),
        ({"direction": "up"}, "direction: Invalid enum value 'up'"),
        ({"threshold": "high"}, "threshold: "),
        ({"threshold": "NaN"}, "threshold: NaN is no number"),
        ({"threshold": "1e30"}, "threshold: "),
        ({"hysteresis": "-1"}, "hysteresis: must not be negative"),
        ({"id": "a b"}, "id 'a b': write 1 to 64"),
        ({"symbols": []}, "symbols: name 1 to 1000"),
        ({"symbols": ["btc"]}, "symbols: 'btc' is none; write it as BTC-USDT, AAPL"),
        ({"source": "Binance!"}, "source 'Binance!' is none"),
        ({"timeframe": "7m"}, "timeframe '7m' is none; there are: 1m"),
        ({"cooldown_s": -1}, "cooldown_s: -1 is not between"),
        ({"cooldown_s": float("nan")}, "cooldown_s: nan is not between"),
        ({"message": "{price}"}, "message: {price} is no field; there are: {rule}"),
        ({"message": "{rule.id}"}, "message: {rule.id} is no field"),
        ({"message": "{rule"}, "message: "),
        ({"message": "{measured:>10000000}"}, "message: {measured} is no field"),
        (CHANGE | {"bars": LOOKBACK_BARS + 1}, "bars: 61 is not between 1 and 60"),
        (SPIKE | {"threshold": "0"}, "threshold: a multiple"),
        (QUALITY | {"threshold": "2"}, "threshold: a quality"),
        (RSI | {"indicator": ""}, "indicator: name its key"),
        (MACD | {"other_output": "", "other_indicator": "rsi_14"}, "other_output: name"),
        (GAPS | {"channels": ["tick"]}, "channels: name some of trade, quote"),
        (GAPS | {"minimum_size": -1}, "minimum_size: must not be negative"),
        (DOWN | {"silent_s": 0}, "silent_s: 0 is not between"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_a_sentence(change: dict[str, Any], says: str) -> None:
    content = change if {"id", "kind"} <= change.keys() else PRICE | change
    with pytest.raises(ValueError, match=r".") as caught:
        read_rule(content)
    assert str(caught.value).startswith(says)
    assert "$" not in str(caught.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="Object missing required field `threshold`"):
        read_rule({"id": "a", "kind": "price_level", "direction": "above"})
    with pytest.raises(ValueError, match="a rule is a JSON object"):
        read_rule(["a"])


def test_numbers_may_be_json_numbers() -> None:
    rule = read_rule(PRICE | {"threshold": 100.25})
    assert isinstance(rule, PriceLevel)
    assert str(rule.threshold) == "100.25"


def test_each_change_of_primary_is_an_alert_whether_the_rule_comes_before_or_after_it() -> None:
    changes = [primary(1), primary(2, "binance", "kraken", 60)]
    found = alerts(put(MOVED), *changes)
    assert [(one.state, one.source, one.subject, one.measured) for one in found] == [
        ("raised", "kraken", "binance", "lost"),
        ("raised", "binance", "kraken", "lost"),
    ]
    assert found[0].message == "kraken is the primary source of BTC-USDT in the place of binance, lost (moved)"
    assert alerts(*changes, put(MOVED)) == found
    assert [one.source for one in alerts(*changes, put(MOVED, sources=1))] == ["binance"]
    assert len(alerts(put(MOVED | {"cooldown_s": 120}), *changes)) == 1
    assert alerts(put(MOVED | {"symbols": ["ETH-USDT"]}), *changes) == []


def test_every_kind_is_tested_here() -> None:
    assert {rule["kind"] for rule in (PRICE, CHANGE, SPIKE, RSI, CROSS, MACD, QUALITY, GAPS, DOWN, MOVED)} == set(KINDS)
