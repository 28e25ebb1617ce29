"""The audit finds nothing wrong where a symbol's primary source changed, and readers of the primary's series find every minute once."""

from collections.abc import Mapping
from typing import Any

from schemas.ticks import TickEnvelope, Trade, Watermark
from tests.memory_tables import MemoryTables
from tests.planted_errors import SETTINGS
from tests.verify_world import MINUTE_NS, START_NS, World, audit, told
from tickerplant.verify.store import Series

SECOND_NS = MINUTE_NS // 60
DIES_S = 10 * 60 - 2  # so late in its minute that the other source closes that minute before the change


def tables_of_a_change(minutes: int = 20) -> MemoryTables:
    """Two sources with a trade a minute each; the first dies."""
    world = World(SETTINGS)
    for second in range(minutes * 60 + 2):
        at_ns = START_NS + second * SECOND_NS
        for source, price in (("binance", "100"), ("coinbase", "100.5")):
            if source == "binance" and second >= DIES_S:
                continue
            if second % 60 == 30:
                trade = Trade("BTC-USDT", price, "0.5", at_ns, at_ns, second // 60 + 1, "buy")
                world.feed(TickEnvelope(source, at_ns, [trade], True))
            world.feed(Watermark(source, 0, at_ns, at_ns, 0))
    return world.tables()


def test_it_leaves_nothing_to_find_in_the_tables() -> None:
    tables = tables_of_a_change()
    assert told(audit(tables, SETTINGS)) == []
    bars = _primary(tables.bar_rows)
    assert sorted(row.ts_open_ns for row in bars) == [START_NS + number * MINUTE_NS for number in range(20)]
    for rows in (bars, _primary(tables.indicator_rows), _primary(tables.signal_rows)):
        minutes = sorted({row.ts_open_ns for row in rows})
        assert minutes == list(range(minutes[0], START_NS + 20 * MINUTE_NS, MINUTE_NS))
        assert {row.primary_epoch for row in rows} == {0, 1}


def test_two_primary_bars_of_an_interval_are_found() -> None:
    tables = tables_of_a_change()
    bars = tables.bar_rows[Series("BTC-USDT", "coinbase"), "1m"]
    bars[START_NS] = bars[START_NS]._replace(is_primary=True)
    found = [one for one in audit(tables, SETTINGS).differences if one.kind == "rule"]
    assert [(one.table, one.key, one.field, one.actual) for one in found] == [
        ("market_ohlcv", "BTC-USDT 1m 2024-08-08T23:54:00Z", "is_primary", "true of binance, coinbase")
    ]
    assert all(one.kind != "rule" for one in audit(tables, SETTINGS, symbols=("ETH-USDT",)).differences)
    assert all(one.kind != "rule" for one in audit(tables, SETTINGS, sources=("kraken",)).differences)


def _primary(table: Mapping[tuple[Series, str], Mapping[Any, Any]]) -> list[Any]:
    """Rows of the minutes."""
    return [row for (_, timeframe), known in table.items() if timeframe == "1m" for row in known.values() if row.is_primary]
