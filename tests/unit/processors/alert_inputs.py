"""Inputs for the tests of the stage `alerts`: bars, indicator records, gaps and rules of one symbol, and what a core says of them."""

from collections.abc import Iterable
from typing import Any

from processors.alerts.core import AlertsCore
from processors.alerts.rules import read_rule
from processors.alerts.samples import QualityWindow
from runtime.stage import InputRecord, Output
from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.codec import encode
from schemas.control import RuleChange
from schemas.gaps import Gap
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.sources import PrimaryChange
from schemas.timeframes import MINUTE_NS, SECOND_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, run

PRICE = {"id": "high", "kind": "price_level", "direction": "above", "threshold": "100"}


def bar(minute: int, close: str = "100", volume: str = "1", revision: int = 0, **more: Any) -> Bar:
    opened = T0_NS + minute * MINUTE_NS
    fields = {"high": close, "low": close, "symbol": "BTC-USDT", "source": "binance", "timeframe": "1m", "quality": 1.0} | more
    known = fields.pop("known_at_ns", opened + 61 * SECOND_NS + revision * SECOND_NS)
    return Bar(
        ts_open_ns=opened, ts_close_ns=opened + MINUTE_NS, open=close, close=close, volume=volume, quote_volume="1", vwap=close, trade_count=1,
        kind="corrected" if revision else "final", revision=revision, reasons=(), known_at_ns=known, **fields,
    )  # fmt: skip


def indicators(minute: int, revision: int = 0, warm: bool = True, **values: float) -> IndicatorRecord:
    """values: rsi=70 is rsi_14.value; macd and signal are outputs of macd_12_26_9."""
    opened = T0_NS + minute * MINUTE_NS
    found = {"rsi_14": IndicatorValue("rsi", {"period": 14}, {"value": values["rsi"]} if "rsi" in values else {}, warm, 28)}
    macd = {name: value for name, value in values.items() if name in ("macd", "signal")}
    found["macd_12_26_9"] = IndicatorValue("macd", {}, macd, warm, 45)
    return IndicatorRecord(
        "BTC-USDT",
        "binance",
        "1m",
        opened,
        opened + MINUTE_NS,
        "100",
        minute + 1,
        found,
        revision,
        0,
        "final",
        1.0,
        opened + 61 * SECOND_NS,
    )


def gap(number: int = 1, state: str = "open", size: int = 5, at_s: int = 0, **more: Any) -> Gap:
    fields = {"channel": "trade", "symbol": "BTC-USDT", "source": "binance"} | more
    at_ns = T0_NS + at_s * SECOND_NS
    return Gap(
        gap_id=f"gap-{number}", cause="sequence", state=state, from_id=1, to_id=2 + size, from_ns=at_ns, to_ns=at_ns + SECOND_NS,
        size=size, filled=0, known_at_ns=at_ns + 2 * SECOND_NS, **fields,
    )  # type: ignore[arg-type]  # fmt: skip


def quality_windows(*scores: float, symbol: str = "BTC-USDT") -> list[QualityWindow]:
    """Five seconds each."""
    return [
        QualityWindow(symbol, "binance", T0_NS + 5 * number * SECOND_NS, T0_NS + 5 * (number + 1) * SECOND_NS, score)
        for number, score in enumerate(scores or (1.0, 0.5, 0.9))
    ]


def primary(epoch: int = 1, source: str = "kraken", previous: str = "binance", at_s: int = 0, symbol: str = "BTC-USDT") -> PrimaryChange:
    at_ns = T0_NS + at_s * SECOND_NS
    return PrimaryChange(symbol, source, previous, epoch, "lost", at_ns - 4 * SECOND_NS, at_ns, at_ns + 5)


def put(content: dict[str, Any], **from_offsets: int) -> RuleChange:
    """bars=3: the rule holds from offset 3 of market.bars on."""
    rule = read_rule(content)
    return RuleChange("put", rule.id, rule, {f"market.{name}": offset for name, offset in from_offsets.items()}, 0)


def remove(rule_id: str) -> RuleChange:
    return RuleChange("remove", rule_id, None, {}, 0)


TOPICS: dict[type, Topic] = {
    Bar: Topic.BARS,
    IndicatorRecord: Topic.INDICATORS,
    Gap: Topic.GAPS,
    RuleChange: Topic.CONTROL,
    QualityWindow: Topic.QUALITY,
    PrimaryChange: Topic.SOURCES,
}


def as_records(given: Iterable[Any]) -> list[InputRecord]:
    """One record an event, offsets counted by topic."""
    ends: dict[Topic, int] = {}
    records = []
    for event in given:
        topic = TOPICS[type(event)]
        records.append(InputRecord(topic, 0, ends.get(topic, 0), None, encode(event)))
        ends[topic] = ends.get(topic, 0) + 1
    return records


def alerts_of(outputs: Iterable[Output]) -> list[Alert]:
    return events(outputs, Topic.ALERTS)


def alerts(*given: Any) -> list[Alert]:
    """What a new core says of these events."""
    return alerts_of(run(AlertsCore(), as_records(given)))


def said(*given: Any) -> list[tuple[str, int, str]]:
    """State, minute of the bar, number measured, of each alert."""
    return [(one.state, (one.ts_event_ns - T0_NS) // MINUTE_NS - 1, one.measured) for one in alerts(*given)]


def closes(*prices: str | int, first: int = 0) -> list[Bar]:
    return [bar(first + minute, str(price)) for minute, price in enumerate(prices)]
