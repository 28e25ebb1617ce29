"""What is past its retention when it comes."""

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.settings import StorageSettings
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from sinks.timescale.horizon import KEPT_FOR_EVER, Horizon
from sinks.timescale.rows import Block, TableRows
from sinks.timescale.table_writers import table_writers
from sinks.timescale.ticks import tick_rows
from tests.sink_events import T0_NS, bar, envelope, indicators, record, signal, trade

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
NOW_NS = T0_NS + 365 * DAY_NS
STORAGE = StorageSettings(retention=True, major_symbols=("BTC-USDT",), quality_days=1096, alerts_days=1096)
HORIZON = Horizon(STORAGE, ManualClock(NOW_NS))
MIXED = [
    trade(1, ts_event_ns=T0_NS),
    trade(2, ts_event_ns=T0_NS - 1),
    trade(1, symbol="SOL-USDT", ts_event_ns=NOW_NS - 182 * DAY_NS - 1),
    trade(2, symbol="SOL-USDT", ts_event_ns=NOW_NS - 182 * DAY_NS),
]


def moved(kind: str, **times: int) -> bytes:
    """The first valid example of an event, at another time."""
    example = json.loads(sorted((EXAMPLES / kind / "valid").glob("*.json"))[0].read_bytes())
    return json.dumps({**example, **times}).encode()


def test_a_tick_is_past_by_its_symbols_rule_to_the_nanosecond() -> None:
    assert HORIZON.expired_ticks(MIXED) == {1, 2}
    assert HORIZON.expired_ticks(MIXED[3:]) == frozenset()
    assert HORIZON.expired_ticks([]) == frozenset()


def test_nothing_is_past_where_retention_is_off_or_a_rule_keeps_for_ever() -> None:
    assert KEPT_FOR_EVER.expired_ticks(MIXED) == frozenset()
    kept = STORAGE.model_copy(update={"major_ticks_days": 0})
    assert Horizon(kept, ManualClock(NOW_NS)).expired_ticks(MIXED) == {2}
    assert Horizon(kept, ManualClock(NOW_NS)).expired_ticks(MIXED[:2]) == frozenset()


def test_an_envelope_keeps_the_others_and_knows_where_they_came_from() -> None:
    of = record(Topic.TICKS, 0, envelope(MIXED))
    block = table_writers(HORIZON)[Topic.TICKS].block(of)
    assert block == Block(tick_rows(envelope([MIXED[0], MIXED[3]])), 2, "binance-simulated", T0_NS, frozenset({1, 2}))
    rows = TableRows()
    rows.add(of, table_writers()[Topic.TICKS].block(of))
    rows.add(of, block)
    assert [rows.origin(row)[1] for row in range(6)] == [0, 1, 2, 3, 0, 3]


@pytest.mark.parametrize(
    ("topic", "old", "new"),
    [
        (Topic.BARS, bar(known_at_ns=NOW_NS), bar(timeframe="1d")),
        (Topic.INDICATORS, indicators(), indicators(1)),
        (Topic.SIGNALS, signal(), signal(1)),
        (Topic.QUALITY, moved("quality", ts_from_ns=T0_NS), moved("quality", ts_from_ns=T0_NS + 1)),
        (Topic.ALERTS, moved("alert", ts_event_ns=T0_NS), moved("alert", ts_event_ns=T0_NS + 1)),
    ],
)
def test_events_of_one_record(topic: Topic, old: Any, new: Any) -> None:
    """Each first event is a nanosecond too old, the second is not."""
    writer = table_writers(Horizon(STORAGE, ManualClock(T0_NS + 1096 * DAY_NS + 1)))[topic]
    assert writer.block(record(topic, 0, old)) == Block(b"", 0, expired=frozenset({0}))
    kept = writer.block(record(topic, 1, new))
    assert kept.rows
    assert kept == table_writers()[topic].block(record(topic, 1, new))
