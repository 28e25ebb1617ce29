"""One wrong row of each kind, planted into a right set: the audit names that row and that field, and nothing else. Here: indicators."""

from decimal import Decimal
from typing import Any

import pytest

from tests.memory_tables import MemoryTables
from tests.planted_errors import BTC, OPEN_16, SETTINGS, change_indicator
from tests.verify_world import MINUTE_NS, START_NS, audit, told
from tickerplant.verify.rows import IndicatorRow


@pytest.mark.parametrize("name_output", [("rsi_2", "value"), ("macd_2_3_2", "histogram"), ("momentum_1", "value")])
@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"value": 0.123}, "differs"),
        ({"parameters": {"period": 3.0}}, "differs"),
        ({"warm": False}, "differs"),
        ({"minimum_bars": 2}, "differs"),
        ({"seed_bars": 16}, "differs"),
        ({"bar_kind": "incomplete"}, "differs"),
        ({"bar_quality": 0.5}, "differs"),
        ({"close_price": Decimal("1")}, "differs"),
        ({"ts_close_ns": 1}, "differs"),
        ({"is_primary": False}, "differs"),
        ({"primary_epoch": 7}, "differs"),
        ({"known_at_ns": 1}, "rule"),
    ],
)
def test_wrong_indicator(tables: MemoryTables, name_output: tuple[str, str], fields: dict[str, Any], kind: str) -> None:
    change_indicator(*name_output, **fields)(tables)
    found = [entry for entry in told(audit(tables, SETTINGS)) if entry[0] == "technical_indicators"]
    assert found == [("technical_indicators", kind, next(iter(fields)))]


def test_indicator_a_little_off_is_told_once_and_a_rounding_not_at_all(tables: MemoryTables) -> None:
    row: IndicatorRow = tables.indicator_rows[BTC, "1m"][OPEN_16, "rsi_2", "value"]
    change_indicator("rsi_2", "value", value=row.value * (1 + 1e-13))(tables)
    assert told(audit(tables, SETTINGS)) == []
    change_indicator("rsi_2", "value", value=row.value * (1 + 1e-7))(tables)
    assert told(audit(tables, SETTINGS)) == [("technical_indicators", "differs", "value")]


def test_missing_and_extra_indicators(tables: MemoryTables) -> None:
    rows = tables.indicator_rows[BTC, "1m"]
    row = rows.pop((OPEN_16, "macd_2_3_2", "previous_histogram"))
    rows[OPEN_16, "rsi_99", "value"] = row._replace(indicator_name="rsi_99", output="value")
    rows[START_NS, "rsi_2", "value"] = row._replace(timestamp_us=START_NS // 1000, indicator_name="rsi_2", output="value")
    nowhere = OPEN_16 + 100 * MINUTE_NS
    rows[nowhere, "rsi_2", "value"] = row._replace(timestamp_us=nowhere // 1000)
    differences = [d for d in audit(tables, SETTINGS).differences if d.table == "technical_indicators"]
    found = [(d.kind, d.key.removeprefix("BTC-USDT binance 1m ")) for d in differences]
    assert found == [
        ("extra", "2024-08-08T23:54:00Z rsi_2 value"),
        ("missing", "2024-08-09T00:10:00Z macd_2_3_2 previous_histogram"),
        ("extra", "2024-08-09T00:10:00Z rsi_99 value"),
        ("extra", "2024-08-09T01:50:00Z"),
    ]
