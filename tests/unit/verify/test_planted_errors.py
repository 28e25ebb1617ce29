"""One wrong row of each kind, planted into a right set: the audit names that row and that field, and nothing else."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from runtime.settings import Settings
from schemas.ticks import Quote, Trade, Watermark
from tests.verify_world import MINUTE_NS, SHORT, START_NS, MemoryTables, World, audit, envelope, told
from tickerplant.verify.rows import GapRow, IndicatorRow
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


@pytest.fixture
def tables() -> MemoryTables:
    return right_tables()


def test_the_right_set_passes(tables: MemoryTables) -> None:
    report = audit(tables, SETTINGS)
    assert told(report) == []
    assert report.compared["market_ticks"] == 61
    assert report.compared["market_gaps"] == 1
    assert {row.action for row in tables.signals(BTC, "1m")} == {"buy", "sell", "hold"}
    assert [row.kind for row in tables.bars(BTC, "1m")].count("corrected") == 1


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
