"""The set into which errors are planted is right, also where it is cut or only a part of it is asked for. The errors are in test_planted_ticks, _bars, _indicators
and _signals.
"""

from decimal import Decimal

from tests.memory_tables import MemoryTables
from tests.planted_errors import BTC, SETTINGS, change_bar
from tests.verify_world import MINUTE_NS, START_NS, audit, told
from tickerplant.verify.store import Series


def test_the_right_set_passes(tables: MemoryTables) -> None:
    report = audit(tables, SETTINGS)
    assert told(report) == []
    assert report.compared["market_ticks"] == 61
    assert report.compared["market_gaps"] == 1
    assert {row.action for row in tables.signals(BTC, "1m")} == {"buy", "sell", "hold"}
    assert [row.kind for row in tables.bars(BTC, "1m")].count("corrected") == 1


def test_cut_tables_are_judged_from_the_start_that_is_given(tables: MemoryTables) -> None:
    """Retention took the first five minutes: without a start they are missing, with it the rest is right."""
    from dataclasses import replace

    from tickerplant.verify.parameters import from_settings

    cut_ns = START_NS + 5 * MINUTE_NS
    tables.tick_rows[BTC] = [row for row in tables.tick_rows[BTC] if row.ts_event_ns >= cut_ns]
    for rows in (*tables.bar_rows.values(), *tables.signal_rows.values()):
        for ts_ns in [ts_ns for ts_ns in rows if ts_ns < cut_ns]:
            del rows[ts_ns]  # type: ignore[attr-defined]
    for indicators in tables.indicator_rows.values():
        for key in [key for key in indicators if key[0] < cut_ns]:
            del indicators[key]
    assert audit(tables, SETTINGS).total > 0
    report = audit(tables, replace(from_settings(SETTINGS), start_ns=cut_ns))
    assert told(report) == []
    assert "rows before 2024-08-08T23:59:00Z are not judged, as asked" in report.notes
    change_bar(volume=Decimal("9"))(tables)
    assert ("market_ohlcv", "differs", "volume") in told(audit(tables, replace(from_settings(SETTINGS), start_ns=cut_ns)))


def test_only_the_named_series(tables: MemoryTables) -> None:
    tables.tick_rows[Series("ETH-USDT", "kraken")] = [tables.tick_rows[BTC][0]._replace(seq=5)]
    assert told(audit(tables, SETTINGS)) == [("market_ticks", "missing", "")]
    assert told(audit(tables, SETTINGS, symbols=("BTC-USDT",))) == []
    assert told(audit(tables, SETTINGS, sources=("binance",))) == []
