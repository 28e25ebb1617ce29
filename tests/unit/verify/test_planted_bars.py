"""One wrong row of each kind, planted into a right set: the audit names that row and that field, and nothing else. Here: bars."""

from decimal import Decimal
from typing import Any

import pytest

from tests.memory_tables import MemoryTables
from tests.planted_errors import BTC, OPEN_9, SETTINGS, change_bar
from tests.verify_world import MINUTE_NS, START_NS, audit, told


@pytest.mark.parametrize(
    "fields",
    [
        {"open_price": Decimal("1")},
        {"high_price": Decimal("200")},
        {"low_price": Decimal("1")},
        {"volume": Decimal("0.7500000001")},
        {"quote_volume": Decimal("80.3750001")},
        {"vwap": Decimal("107.1666666666")},
        {"trade_count": 3},
        {"kind": "incomplete"},
        {"quality_score": 0.99},
        {"reasons": ["late"]},
        {"ts_close_ns": OPEN_9},
        {"ts_open_ns": OPEN_9 + 1},
    ],
)
def test_wrong_bar(tables: MemoryTables, fields: dict[str, Any]) -> None:
    """What later tables repeat of the bar differs too; the first finding names the bar's own field."""
    change_bar(**fields)(tables)
    [name] = fields
    report = audit(tables, SETTINGS)
    assert [(d.kind, d.field, d.key) for d in report.differences if d.table == "market_ohlcv"] == [
        ("differs", name, "BTC-USDT binance 1m 2024-08-09T00:03:00Z")
    ]


def test_wrong_close_of_a_bar_shows_in_all_that_follows(tables: MemoryTables) -> None:
    change_bar(close_price=Decimal("106"))(tables)
    assert {table for table, _, _ in told(audit(tables, SETTINGS))} == {"market_ohlcv", "technical_indicators", "trading_signals"}


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m"])
def test_missing_bar(tables: MemoryTables, timeframe: str) -> None:
    first = min(tables.bar_rows[BTC, timeframe])
    del tables.bar_rows[BTC, timeframe][first]
    missing = [d for d in audit(tables, SETTINGS).differences if d.table == "market_ohlcv"]
    assert [(d.kind, d.key) for d in missing] == [
        ("missing", f"BTC-USDT binance {timeframe} 2024-08-08T23:{'45' if timeframe == '15m' else '54' if timeframe == '1m' else '50'}:00Z")
    ]


def test_bar_that_only_a_watermark_closed_may_be_missing_but_not_wrong(tables: MemoryTables) -> None:
    last = max(tables.bar_rows[BTC, "1m"])
    change_bar("1m", last, kind="corrected")(tables)
    assert ("market_ohlcv", "differs", "kind") in told(audit(tables, SETTINGS))
    del tables.bar_rows[BTC, "1m"][last]
    for rows in (tables.indicator_rows[BTC, "1m"], tables.signal_rows[BTC, "1m"]):
        for key in [key for key in rows if key == last or (isinstance(key, tuple) and key[0] == last)]:
            del rows[key]
    assert told(audit(tables, SETTINGS)) == []


def test_bar_without_trades(tables: MemoryTables) -> None:
    rows = tables.bar_rows[BTC, "1m"]
    later = max(rows) + 10 * MINUTE_NS
    rows[later] = rows[max(rows)]._replace(timestamp_us=later // 1000, ts_open_ns=later, ts_close_ns=later + MINUTE_NS)
    assert ("market_ohlcv", "extra", "") in told(audit(tables, SETTINGS))


def test_bar_of_no_timeframe(tables: MemoryTables) -> None:
    tables.bar_rows[BTC, "7m"] = dict(tables.bar_rows[BTC, "5m"])
    assert told(audit(tables, SETTINGS)) == [("market_ohlcv", "extra", "")]


@pytest.mark.parametrize(("revision", "kind"), [(0, "incomplete"), (9, "corrected"), (-1, "corrected")])
def test_impossible_revision(tables: MemoryTables, revision: int, kind: str) -> None:
    """Minute 10 holds a late trade, so it was corrected, at most as often as it has trades."""
    change_bar("1m", START_NS + 10 * MINUTE_NS, revision=revision, kind=kind)(tables)
    assert ("market_ohlcv", "rule", "revision") in told(audit(tables, SETTINGS))


def test_bar_known_before_its_trades(tables: MemoryTables) -> None:
    change_bar(known_at_ns=OPEN_9)(tables)
    assert ("market_ohlcv", "rule", "known_at_ns") in told(audit(tables, SETTINGS))
