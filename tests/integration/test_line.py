"""The line on real input: the answers that the recorded traffic must give, from the provider's socket to the tables."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import CAPTURES, Pipeline, needs_recordings, running

pytestmark = [pytest.mark.stack, needs_recordings]

BARS = {
    "2024-08-08 23:58": "61652.00 61745.27 61583.22 61717.63 77.14202 3216",
    "2024-08-09 00:00": "61686.00 61744.37 61630.88 61631.79 34.0818 1824",
    "2024-08-09 00:01": "61631.79 61631.79 61556.04 61589.99 79.69369 2931",
}


@pytest.fixture(scope="module")
def pipeline(module_line: Any) -> Iterator[Pipeline]:
    with running(module_line) as started:
        yield started


@pytest.fixture(scope="module")
def replayed(pipeline: Pipeline) -> Any:
    """Both files through the unchanged ingestor into an empty stack."""
    return pipeline.replay(*CAPTURES)


def test_every_trade_is_there_without_a_hole(pipeline: Pipeline, replayed: Any) -> None:
    [(count, first, last)] = pipeline.query(
        "SELECT count(DISTINCT trade_id), min(trade_id::bigint), max(trade_id::bigint) FROM market_ticks WHERE kind = 'trade'"
    )
    assert (count, first, last) == (19_904, 3735683259, 3735703162)


def test_every_row_once(pipeline: Pipeline, replayed: Any) -> None:
    assert pipeline.query("SELECT kind, count(*) FROM market_ticks GROUP BY kind ORDER BY kind") == [("quote", 73_174), ("trade", 19_904)]


def test_no_dead_letters(pipeline: Pipeline, replayed: Any) -> None:
    assert pipeline.json("dlq", "list")["letters"] == []


@pytest.mark.parametrize("minute", BARS)
def test_known_bars(pipeline: Pipeline, replayed: Any, minute: str) -> None:
    [row] = pipeline.query(
        "SELECT open_price, high_price, low_price, close_price, volume, trade_count FROM market_ohlcv "
        f"WHERE symbol = 'BTC-USDT' AND source = 'binance' AND timeframe = '1m' AND \"timestamp\" = '{minute}Z'"
    )
    assert list(row) == [Decimal(text) for text in BARS[minute].split()]


def test_verify_finds_no_difference(pipeline: Pipeline, replayed: Any) -> None:
    report = pipeline.json("verify")
    assert report["ok"]
    assert report["differences"] == []
    assert report["compared"]["market_ticks"] == 93_078
    assert report["compared"]["market_ohlcv"] >= 10


def test_verify_from_the_capture_finds_no_difference(pipeline: Pipeline, replayed: Any) -> None:
    report = pipeline.json("verify", *(word for path in CAPTURES for word in ("--capture", str(path))))
    assert report["differences"] == []


def test_second_replay_changes_nothing(pipeline: Pipeline, replayed: Any) -> None:
    before = pipeline.checksums()
    pipeline.replay(*CAPTURES)
    assert pipeline.checksums() == before


def test_garbage_becomes_dead_letters_and_the_feed_goes_on(pipeline: Pipeline, replayed: Any, tmp_path: Path) -> None:
    """Frames that only a broken or hostile provider sends, between good ones of later trade ids."""
    report = pipeline.replay(_capture_with_garbage(tmp_path / "garbage.txt"))
    letters = pipeline.json("dlq", "list")["letters"]
    assert sorted(letter["reason"] for letter in letters) == [
        "broken_json",
        "frame_too_large",
        "missing_field",
        "non_positive_price",
        "unknown_message",
    ], report
    shown = pipeline.run("dlq", "show", f"{letters[0]['partition']}:{letters[0]['offset']}").stdout
    assert letters[0]["reason"] in shown
    assert pipeline.query("SELECT price FROM market_ticks WHERE trade_id = '3735703164'") == [(Decimal("61600"),)]


def _capture_with_garbage(path: Path) -> Path:
    start_ns = 1723161910_000000000
    trade = '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161911000,"s":"BTCUSDT","t":%d,"p":"%s","q":"1.00000000","T":1723161911000,"m":true,"M":true}}'
    frames = [
        trade % (3735703163, "-1.00000000"),
        '{"stream":"btcusdt@trade","data":{"e":"trade","E":17231',
        '{"stream":"btcusdt@trade","data":{"e":"somethingNew","E":1723161911000,"s":"BTCUSDT"}}',
        '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161911000,"s":"BTCUSDT","p":"1","q":"1","T":1723161911000,"m":true}}',
        '{"stream":"btcusdt@trade","data":{"pad":"' + "x" * 1_000_000 + '"}}',
        trade % (3735703164, "61600.00000000"),
    ]
    path.write_text("".join(f"{start_ns + i * 1_000_000} {frame}\n" for i, frame in enumerate(frames)))
    return path


def test_simulated_three_hours_are_warm_and_verified(pipeline: Pipeline) -> None:
    pipeline.json("simulate", "--seed", "7", "--length", "3h", "--symbols", "BTC-USDT,ETH-USDT,SOL-USDT", "--speed", "max", timeout_s=300)
    warm = pipeline.query(
        "SELECT symbol, indicator_name, count(*) FROM technical_indicators WHERE source = 'binance-simulated' AND warm AND value <> 0 "
        "AND timeframe = '1m' GROUP BY symbol, indicator_name"
    )
    assert {(symbol, name) for symbol, name, _ in warm} == {
        (symbol, name) for symbol in ("BTC-USDT", "ETH-USDT", "SOL-USDT") for name in ("rsi_14", "macd_12_26_9", "momentum_10")
    }
    actions = dict(pipeline.query("SELECT action, count(*) FROM trading_signals WHERE source = 'binance-simulated' GROUP BY action"))
    assert actions["buy"] > 0
    assert actions["sell"] > 0
    report = pipeline.json("verify", "--source", "binance-simulated")
    assert report["ok"]
    assert report["compared"]["trading_signals"] >= 3 * 179
