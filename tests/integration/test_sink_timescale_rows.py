"""Rows of the TimescaleDB store: exact values, revisions, repeats, refused rows."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from runtime.stage import InputRecord
from schemas.bars import BidAsk
from schemas.gaps import Gap
from schemas.topics import Topic
from tests.sink_events import bar, envelope, indicators, quote, record, signal, ticks, trade, watermark
from tests.sinks_world import Log, checksums, count, execute, query, timescale_store

pytestmark = pytest.mark.stack


def store_all(line: Any, *records: InputRecord, log: Log | None = None) -> Any:
    """Takes and flushes records that follow each other in each topic from offset 0."""
    store = timescale_store(line, log)
    store.begin(sorted({(one.topic, one.partition) for one in records}))
    for one in records:
        store.take(one)
    store.flush()
    return store


def test_decimals_and_floats_are_exact(line: Any) -> None:
    price, value = "0.000000000123456789012345678901234567890", 0.1 + 0.2
    store_all(
        line,
        record(Topic.TICKS, 0, envelope([trade(1, price=price), quote(2, bid_size="1E-10")])),
        record(Topic.INDICATORS, 0, indicators(rsi=value)),
    ).close()
    assert query(line, "SELECT price::text, bid_size::text FROM market_ticks ORDER BY seq") == [(price, None), (None, "0.0000000001")]
    [(stored,)] = query(line, "SELECT value FROM technical_indicators WHERE indicator_name = 'rsi_14'")
    assert stored == value


def test_every_column_of_a_bar_an_indicator_and_a_signal(line: Any) -> None:
    store_all(
        line,
        record(Topic.BARS, 0, bar(0, 1)),
        record(Topic.INDICATORS, 0, indicators()),
        record(Topic.SIGNALS, 0, signal()),
    ).close()
    [stored] = query(
        line,
        'SELECT extract(epoch FROM "timestamp")::bigint, symbol, source, timeframe, open_price::text, high_price::text, low_price::text,'
        " close_price::text, volume::text, quote_volume::text, vwap::text, trade_count, kind, revision, quality_score, reasons, ts_open_ns,"
        " ts_close_ns, known_at_ns, is_primary, primary_epoch FROM market_ohlcv",
    )
    of = bar(0, 1)
    prices = (of.open, of.high, of.low, of.close, of.volume, of.quote_volume, of.vwap)
    rest = (of.quality, list(of.reasons), of.ts_open_ns, of.ts_close_ns, of.known_at_ns, True, 0)
    assert stored == (1_723_161_480, of.symbol, of.source, "1m", *prices, 3216, "corrected", 1, *rest)
    outputs = query(
        line, "SELECT indicator_name, output, value, parameters, warm, minimum_bars, seed_bars FROM technical_indicators ORDER BY 1, 2"
    )
    macd = {"fast": 12, "slow": 26, "signal": 9}
    assert outputs == [
        ("macd_12_26_9", "histogram", 1 / 3, macd, False, 45, 40),
        ("macd_12_26_9", "macd", -1.5e-17, macd, False, 45, 40),
        ("macd_12_26_9", "previous_histogram", -1 / 3, macd, False, 45, 40),
        ("macd_12_26_9", "signal", 2.25, macd, False, 45, 40),
        ("rsi_14", "value", 0.1 + 0.2, {"period": 14}, True, 28, 40),
    ]
    [stored] = query(
        line,
        "SELECT signal, action, score, confidence, decided_by, resolution, status, components, close_price::text, valid_until_ns FROM trading_signals",
    )
    components = {"macd": {"signal": 1, "weight": 1 / 3, "warm": True}, "rsi": {"signal": 0, "weight": 1 / 3, "warm": True}}
    assert stored == (1, "buy", 1 / 3, 0.329218, "macd", "hierarchy", "ok", components, "61710.63", signal().valid_until_ns)


def test_a_bar_from_quotes_has_both_sides_and_others_have_none(line: Any) -> None:
    sides = BidAsk("1.08598", "1.08605", "1.08593", "1.08599", "1.08607", "1.08613", "1.08603", "1.08609")
    quoted = bar(1, price_basis="mid", quote_count=212, sides=sides, trade_count=0, volume="0")
    store_all(line, record(Topic.BARS, 0, bar(0)), record(Topic.BARS, 1, quoted)).close()
    names = [f"{side}_{name}" for side in ("bid", "ask") for name in ("open", "high", "low", "close")]
    texts = ", ".join(f"{name}::text" for name in names)
    stored = query(line, f'SELECT price_basis, quote_count, {texts} FROM market_ohlcv ORDER BY "timestamp"')
    assert stored == [("trade", 0, *[None] * 8), ("mid", 212, *structs.astuple(sides))]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([0, 0, 1, 2, 2, 3]), cuts=st.sets(st.integers(1, 5)))
def test_the_newest_revision_stays_however_records_come_and_are_cut(line: Any, order: list[int], cuts: set[int]) -> None:
    execute(line, "TRUNCATE market_ohlcv, kafka_offsets")
    store = timescale_store(line)
    store.begin([(Topic.BARS, 0)])
    for offset, revision in enumerate(order):
        if offset in cuts:
            store.flush()
        store.take(record(Topic.BARS, offset, bar(0, revision)))
    store.flush()
    store.close()
    assert query(line, "SELECT revision, close_price::text, kind FROM market_ohlcv") == [(3, "61713.63", "corrected")]


def gap(state: str, known_at_ns: int, filled: int = 0) -> Gap:
    return Gap("g", "BTC-USDT", "binance", "trade", "reconnect", state, 10, 21, 1, 2, 10, filled, known_at_ns)  # type: ignore[arg-type]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([("open", 1, 0), ("partial", 2, 4), ("filled", 3, 10), ("open", 5, 0)]))
def test_a_filled_gap_stays_filled(line: Any, order: list[tuple[str, int, int]]) -> None:
    execute(line, "TRUNCATE market_gaps, kafka_offsets")
    store_all(line, *(record(Topic.GAPS, offset, gap(*values)) for offset, values in enumerate(order))).close()
    assert query(line, "SELECT state, filled, known_at_ns FROM market_gaps") == [("filled", 10, 3)]


def test_the_same_ticks_under_new_offsets_change_nothing(line: Any) -> None:
    store = store_all(line, *(record(Topic.TICKS, n, envelope(ticks(n * 50 + 1, n * 50 + 50))) for n in range(10)))
    before = checksums(line)
    for n in range(10):  # a replay that validate let through, overlapping rows that are new
        store.take(record(Topic.TICKS, 10 + n, envelope(ticks(n * 50 + 11, n * 50 + 60))))
    store.flush()
    assert count(line) == 510
    store.take(record(Topic.TICKS, 20, envelope(ticks(1, 510))))
    store.flush()
    store.close()
    assert count(line) == 510
    assert query(line, "SELECT count(DISTINCT seq), min(seq), max(seq) FROM market_ticks") == [(510, 1, 510)]
    execute(line, "DELETE FROM market_ticks WHERE seq > 500")
    assert checksums(line) == before


def test_a_repeated_identity_is_dropped_also_after_a_restart(line: Any) -> None:
    one, two = record(Topic.TICKS, 0, envelope(ticks(1, 5))), record(Topic.TICKS, 1, envelope(ticks(6, 10)))
    again = record(Topic.TICKS, 2, envelope([trade(99)]), headers=one.headers)  # other content, so that a stored row would show
    store_all(line, one, two, again).close()
    assert count(line) == 10
    store = timescale_store(line)
    assert store.begin([(Topic.TICKS, 0)]) == {(Topic.TICKS, 0): 3}
    store.take(record(Topic.TICKS, 3, envelope([trade(98)]), headers=two.headers))
    store.take(record(Topic.TICKS, 4, envelope([trade(97)])))
    store.flush()
    store.close()
    assert query(line, "SELECT seq FROM market_ticks WHERE seq > 10") == [(97,)]


def test_a_watermark_moves_the_position_and_nothing_else(line: Any) -> None:
    store = store_all(line, record(Topic.TICKS, 0, watermark()))
    assert store.stored == {(Topic.TICKS, 0): 1}
    store.close()
    assert count(line) == 0
    assert query(line, "SELECT next_offset FROM kafka_offsets") == [(1,)]
