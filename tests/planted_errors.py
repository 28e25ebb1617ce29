"""A right set of tables, and wrong rows to plant into it."""

from collections.abc import Callable
from typing import Any

from runtime.settings import Settings
from schemas.ticks import Quote, Trade, Watermark
from tests.memory_tables import MemoryTables
from tests.verify_world import MINUTE_NS, SHORT, START_NS, World, envelope
from tickerplant.verify.store import Series

BTC = Series("BTC-USDT", "binance")
SETTINGS = Settings(process=SHORT)
PRICES = [100, 101, 103, 102, 99, 98, 100, 104, 107, 107, 103, 99, 98, 97, 99, 102, 106, 105, 103, 104]
OPEN_9 = START_NS + 9 * MINUTE_NS
OPEN_16 = START_NS + 16 * MINUTE_NS


def right_tables() -> MemoryTables:
    """Twenty minutes, two trades and a quote each, a hole in the ids before minute 12, a late trade for minute 10."""
    world = World(SETTINGS)
    trade_id = 0
    for minute, price in enumerate(PRICES):
        at_ns = START_NS + minute * MINUTE_NS + 1_500_000_000
        trade_id += 3 if minute == 12 else 1
        ticks: list[Trade | Quote] = [
            Trade("BTC-USDT", f"{price}.50", "0.25", at_ns, at_ns, trade_id, "buy"),
            Quote("BTC-USDT", f"{price}.4", "1", f"{price}.6", "2", at_ns, at_ns, 500 + minute, True),
        ]
        trade_id += 1
        later_ns = at_ns + 30_000_000_000
        ticks.append(Trade("BTC-USDT", f"{price}.00", "0.5", later_ns, later_ns, trade_id, "sell"))
        if minute == 11:
            trade_id += 1
            ticks.append(Trade("BTC-USDT", "105.25", "1", later_ns - MINUTE_NS, later_ns, trade_id, "buy"))
        world.feed(envelope(ticks))
    world.feed(Watermark("binance", 0, START_NS + 20 * MINUTE_NS + 2_000_000_000, START_NS + 20 * MINUTE_NS, 0))
    return world.tables()


def change_tick(seq: int, /, **fields: Any) -> Callable[[MemoryTables], None]:
    def plant(tables: MemoryTables) -> None:
        rows = tables.tick_rows[BTC]
        at = next(i for i, row in enumerate(rows) if row.seq == seq)
        rows[at] = rows[at]._replace(**fields)

    return plant


def change_bar(timeframe: str = "1m", at_ns: int = OPEN_9, /, **fields: Any) -> Callable[[MemoryTables], None]:
    def plant(tables: MemoryTables) -> None:
        rows = tables.bar_rows[BTC, timeframe]
        rows[at_ns] = rows[at_ns]._replace(**fields)

    return plant


def change_indicator(name: str, output: str, **fields: Any) -> Callable[[MemoryTables], None]:
    def plant(tables: MemoryTables) -> None:
        rows = tables.indicator_rows[BTC, "1m"]
        rows[OPEN_16, name, output] = rows[OPEN_16, name, output]._replace(**fields)

    return plant


def change_signal(**fields: Any) -> Callable[[MemoryTables], None]:
    def plant(tables: MemoryTables) -> None:
        rows = tables.signal_rows[BTC, "1m"]
        rows[OPEN_16] = rows[OPEN_16]._replace(**fields)

    return plant


def change_component(name: str, /, **fields: Any) -> Callable[[MemoryTables], None]:
    def plant(tables: MemoryTables) -> None:
        rows = tables.signal_rows[BTC, "1m"]
        components = {n: {**c, **(fields if n == name else {})} for n, c in rows[OPEN_16].components.items()}
        rows[OPEN_16] = rows[OPEN_16]._replace(components=components)

    return plant
