"""Bars that venues built: the structural check, and whose are published."""

from typing import Any

import pytest

from processors.bars.core import BarsCore
from runtime.errors import InvalidRecord
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord
from schemas.bars import ProviderActions, ProviderBar
from schemas.headers import TYPE
from schemas.timeframes import MINUTE_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, record, run, ticks_record, trade, watermark_record

LISTED = ProcessSettings(provider_bars=("yahoo",))


def provider_bar(**changes: Any) -> InputRecord:
    fields: dict[str, Any] = {
        "symbol": "AAPL", "source": "yahoo", "timeframe": "1m", "ts_open_ns": T0_NS, "ts_close_ns": T0_NS + MINUTE_NS,
        "open": "100", "high": "103.5", "low": "99", "close": "101", "volume": "12", "quote_volume": "1210", "vwap": "100.8",
        "trade_count": 3, "kind": "provider", "revision": 0, "quality": 1.0, "reasons": (), "known_at_ns": T0_NS + MINUTE_NS,
    }  # fmt: skip
    return record(ProviderBar(**fields | changes), topic=Topic.BARS_RAW)


def test_a_listed_sources_bar_is_published_as_it_came() -> None:
    given = provider_bar()
    (output,) = BarsCore(LISTED).apply(given)
    assert (output.topic, output.value, output.key, output.headers) == (Topic.BARS, given.value, b"AAPL", {TYPE: b"bar"})


def test_other_sources_bars_are_only_checked() -> None:
    core = BarsCore(LISTED)
    assert core.apply(provider_bar(source="binance")) == []
    with pytest.raises(InvalidRecord, match="ohlc_violation"):
        core.apply(provider_bar(source="binance", high="99.5"))


PRICES = [
    ({"high": "100.9"}, "ohlc_violation"),  # below the close
    ({"low": "100.5"}, "ohlc_violation"),  # above the open
    ({"high": "98"}, "ohlc_violation"),
    ({"close": "0"}, "non_positive_price"),
    ({"low": "-1"}, "non_positive_price"),
    ({"low": "1"}, "price_scale"),
]


@pytest.mark.parametrize(("changes", "reason"), PRICES)
def test_a_bar_with_wrong_prices_is_a_dead_letter_and_missing(changes: dict[str, Any], reason: str) -> None:
    core = BarsCore(LISTED)
    (letter,) = events(core.apply(provider_bar(**changes)), Topic.DLQ)
    assert (letter.stage, letter.reason, letter.topic, letter.source) == ("bars", reason, "market.bars.raw", "yahoo")
    with pytest.raises(InvalidRecord, match=reason):
        BarsCore(LISTED).apply(provider_bar(source="binance", **changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"volume": "-12"}, "non_positive_size"),
        ({"open": "1e2"}, "not_a_number"),
        ({"vwap": ""}, "not_a_number"),
        ({"kind": "final"}, "invalid_field"),
        ({"timeframe": "3m"}, "invalid_field"),
        ({"symbol": "A|B"}, "invalid_field"),
        ({"ts_close_ns": T0_NS}, "time_out_of_range"),
        ({"actions": ProviderActions(dividend="much")}, "not_a_number"),
        ({"actions": ProviderActions(splits=((T0_NS, "0"),))}, "invalid_field"),
    ],
)
def test_a_wrong_bar_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidRecord, match=reason):
        BarsCore(LISTED).apply(provider_bar(**changes))


@pytest.mark.parametrize(
    "changes", [{"high": "101"}, {"low": "100", "open": "100"}, {"volume": "0", "quote_volume": "0"}, {"timeframe": "1M"}]
)
def test_a_bar_on_the_edge_is_right(changes: dict[str, Any]) -> None:
    assert len(list(BarsCore(LISTED).apply(provider_bar(**changes)))) == 1


def test_ticks_of_a_listed_source_build_no_bars_and_neither_topic_changes_what_the_other_gives() -> None:
    core, bars_alone = BarsCore(LISTED), BarsCore(LISTED)
    ticks = ticks_record([trade(1, 10, symbol="AAPL")], topic=Topic.TICKS, source="yahoo")
    given = [provider_bar(), provider_bar(ts_open_ns=T0_NS + MINUTE_NS, ts_close_ns=T0_NS + 2 * MINUTE_NS, close="100.5")]
    assert run(core, [ticks, watermark_record(100, source="yahoo")]) == []
    assert run(core, given) == run(bars_alone, given)
    assert run(core, [watermark_record(200, source="yahoo")]) == []
