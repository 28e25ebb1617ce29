"""One wrong row of each kind, planted into a right set: the audit names that row and that field, and nothing else. Here: signals."""

from decimal import Decimal
from typing import Any

import pytest

from tests.memory_tables import MemoryTables
from tests.planted_errors import BTC, OPEN_16, SETTINGS, change_component, change_signal
from tests.verify_world import MINUTE_NS, audit, told


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"signal": 0}, "differs"),
        ({"action": "hold"}, "differs"),
        ({"score": 0.5}, "differs"),
        ({"confidence": 0.5}, "differs"),
        ({"decided_by": "score"}, "differs"),
        ({"resolution": "weighted"}, "differs"),
        ({"status": "unwarm"}, "differs"),
        ({"close_price": Decimal("1")}, "differs"),
        ({"bar_revision": 3}, "differs"),
        ({"revision": 1}, "differs"),
        ({"bar_kind": "corrected"}, "differs"),
        ({"bar_quality": 0.1}, "differs"),
        ({"ts_open_ns": 1}, "differs"),
        ({"ts_close_ns": 1}, "differs"),
        ({"valid_until_ns": 1}, "differs"),
        ({"components": {}}, "differs"),
    ],
)
def test_wrong_signal(tables: MemoryTables, fields: dict[str, Any], kind: str) -> None:
    assert tables.signal_rows[BTC, "1m"][OPEN_16].signal != 0
    change_signal(**fields)(tables)
    assert told(audit(tables, SETTINGS)) == [("trading_signals", kind, next(iter(fields)))]


@pytest.mark.parametrize("name", ["macd", "rsi", "momentum"])
@pytest.mark.parametrize("fields", [{"signal": -7}, {"weight": 0.5}, {"warm": False}])
def test_wrong_component(tables: MemoryTables, name: str, fields: dict[str, Any]) -> None:
    change_component(name, **fields)(tables)
    assert told(audit(tables, SETTINGS)) == [("trading_signals", "differs", f"components.{name}.{next(iter(fields))}")]


def test_signal_known_at_another_time(tables: MemoryTables) -> None:
    change_signal(known_at_ns=1)(tables)
    assert set(told(audit(tables, SETTINGS))) == {("trading_signals", "rule", "known_at_ns"), ("trading_signals", "differs", "known_at_ns")}


def test_missing_and_extra_signals(tables: MemoryTables) -> None:
    rows = tables.signal_rows[BTC, "1m"]
    row = rows.pop(OPEN_16)
    nowhere = OPEN_16 + 100 * MINUTE_NS
    rows[nowhere] = row._replace(timestamp_us=nowhere // 1000)
    assert told(audit(tables, SETTINGS)) == [("trading_signals", "missing", ""), ("trading_signals", "extra", "")]
