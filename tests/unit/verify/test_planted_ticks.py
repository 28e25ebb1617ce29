"""One wrong row of each kind, planted into a right set: the audit names that row and that field, and nothing else. Here: ticks and gaps."""

from decimal import Decimal
from typing import Any

import pytest

from tests.memory_tables import MemoryTables
from tests.planted_errors import BTC, SETTINGS, change_tick
from tests.verify_world import audit, told
from tickerplant.verify.rows import GapRow


@pytest.mark.parametrize(
    ("seq", "fields", "expected"),
    [
        (7, {"reasons": ["late"]}, [("differs", "reasons")]),
        (7, {"quality_score": 0.9}, [("differs", "quality_score")]),
        (38, {"reasons": []}, [("differs", "reasons")]),
        (7, {"timestamp_us": 5}, [("differs", "timestamp")]),
        (61, {"seq": 63}, [("missing", "")]),
        (8, {"seq": 7}, [("rule", "seq"), ("missing", "")]),
        (8, {"update_id": 501}, [("rule", "update_id")]),
        (8, {"ask": Decimal("1")}, [("differs", "reasons"), ("differs", "quality_score")]),
        (61, {"trade_id": "4"}, [("rule", "trade_id")]),
        (7, {"filled": True}, [("differs", "reasons"), ("differs", "quality_score")]),
    ],
)
def test_wrong_tick(tables: MemoryTables, seq: int, fields: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    change_tick(seq, **fields)(tables)
    found = [(kind, field) for table, kind, field in told(audit(tables, SETTINGS)) if table == "market_ticks"]
    assert sorted(found) == sorted(expected)


def test_wrong_price_of_a_tick_shows_in_the_bars(tables: MemoryTables) -> None:
    change_tick(28, price=Decimal("150"))(tables)  # minute 9, first trade
    report = audit(tables, SETTINGS)
    found = {difference.key: difference for difference in report.differences if difference.field == "high_price"}
    assert "BTC-USDT binance 1m 2024-08-09T00:03:00Z" in found
    assert found["BTC-USDT binance 1m 2024-08-09T00:03:00Z"].expected == "150"
    assert found["BTC-USDT binance 1m 2024-08-09T00:03:00Z"].actual == "107.5"


def test_lost_trade(tables: MemoryTables) -> None:
    rows = tables.tick_rows[BTC]
    del rows[next(i for i, row in enumerate(rows) if row.seq == 7)]
    report = audit(tables, SETTINGS)
    assert ("market_ticks", "missing", "") in told(report)
    sentences = [difference.sentence() for difference in report.differences]
    assert "market_ticks: BTC-USDT binance seq 7: missing: seq is consecutive from 1" in sentences
    assert "market_ticks: BTC-USDT binance trade_id 5: missing: no gap in market_gaps says that they were lost" in sentences
    assert any("1m 2024-08-08T23:56:00Z: trade_count is 2, expected 1" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"state": "filled"}, ("market_ticks", "missing", "")),
        ({"size": 7}, ("market_gaps", "differs", "size")),
        ({"gap_id": "binance:BTC-USDT:trade:1:2"}, ("market_gaps", "differs", "gap_id")),
        ({"filled": 3}, ("market_gaps", "rule", "filled")),
    ],
)
def test_wrong_gap(tables: MemoryTables, fields: dict[str, Any], expected: tuple[str, str, str]) -> None:
    [(gap_id, gap)] = tables.gap_rows[BTC].items()
    tables.gap_rows[BTC][gap_id] = gap._replace(**fields)
    assert told(audit(tables, SETTINGS)) == [expected]


def test_unreported_hole(tables: MemoryTables) -> None:
    tables.gap_rows.clear()
    assert told(audit(tables, SETTINGS)) == [("market_ticks", "missing", ""), ("market_gaps", "missing", "")]


def test_gap_of_something_else_excuses_nothing(tables: MemoryTables) -> None:
    tables.gap_rows.clear()
    tables.gap_rows[BTC]["x"] = GapRow("binance:BTC-USDT:quote:1:900", "quote", "unfillable", 1, 900, 898, 0)
    assert ("market_ticks", "missing", "") in told(audit(tables, SETTINGS))
