"""`tickerplant backfill` into a running line, from the local exchange: killed while it fetches and while it sends, repeated, and as bars."""

import asyncio
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ingestors.exchange_server.generator import Generated, Generator
from ingestors.exchange_server.material import TradeRow
from ingestors.exchange_server.pace import TimelinePace
from ingestors.exchange_server.server import ExchangeServer
from runtime.clock import SystemClock
from tests.pipeline import ROOT, Pipeline, running

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
SYMBOLS = ("BTC-USDT", "ETH-USDT")
MIDNIGHT_S = 1_723_161_600  # 2024-08-09
START_S, END_S = MIDNIGHT_S - 1_200, MIDNIGHT_S + 1_200
RANGE = ("--symbols", ",".join(SYMBOLS), "--from", "2024-08-08T23:40:00", "--to", "2024-08-09T00:20:00")
MATERIAL = Generated(SYMBOLS, 7, END_S + 3_600, trades_per_s=1.0)


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    """Its REST address. It knows all that was traded up to an hour after the range."""
    loop, clock = asyncio.new_event_loop(), SystemClock()
    server = ExchangeServer(Generator(MATERIAL), TimelinePace(1.0, clock), clock)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    _, rest = asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
    yield rest
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def pipeline(module_line: Any, exchange: str) -> Iterator[Pipeline]:
    with running(module_line, {"TICKERPLANT_BINANCE__REST_URL": exchange}) as started:
        yield started


@pytest.fixture(scope="module")
def traded() -> dict[str, list[TradeRow]]:
    """What the exchange's market did in the range, asked of the market itself."""
    markets = Generator(MATERIAL)._markets
    return {
        symbol: [row for second in range(START_S, END_S) for row in markets[symbol.replace("-", "")].trades_of(second)]
        for symbol in SYMBOLS
    }


def minutes_of(rows: list[TradeRow]) -> dict[int, tuple[Any, ...]]:
    """open, high, low, close, volume and count by minute in ns, computed without any of our code."""
    found: dict[int, list[TradeRow]] = {}
    for row in rows:
        found.setdefault(row.time_ms // 60_000, []).append(row)
    return {
        minute * 60_000_000_000: (
            Decimal(of[0].price), max(Decimal(one.price) for one in of), min(Decimal(one.price) for one in of), Decimal(of[-1].price),
            sum(Decimal(one.size) for one in of), len(of),
        )
        for minute, of in found.items()
    }  # fmt: skip


def minutes_in(pipeline: Pipeline, source: str, symbol: str) -> dict[int, tuple[Any, ...]]:
    rows = pipeline.query(
        "SELECT ts_open_ns, open_price, high_price, low_price, close_price, volume, trade_count FROM market_ohlcv"
        f" WHERE source = '{source}' AND symbol = '{symbol}' AND timeframe = '1m' AND NOT is_primary AND revision = 0"
    )
    return {row[0]: row[1:] for row in rows}


def status(pipeline: Pipeline) -> list[Any]:
    """Of the killed one, by symbol."""
    found = [one for one in pipeline.json("backfill", "status")["backfills"] if one["source"] == "killed"]
    return sorted(found, key=lambda one: str(one["symbol"]))


def test_trades_end_up_the_same_however_often_the_backfill_is_killed(pipeline: Pipeline, traded: dict[str, list[TradeRow]]) -> None:
    words = ("backfill", "binance", *RANGE, "--source", "killed")
    for moment in ("backfill:page_stored:2", "import:envelope_sent:1", "backfill:window_sent:1", "backfill:page_stored:4"):
        pipeline.env["TICKERPLANT_FAULTS__KILL_AT"] = moment
        assert pipeline.run(*words, code=None).returncode == -9, moment
        pipeline.marker(*moment.split(":")[:2]).unlink()
    del pipeline.env["TICKERPLANT_FAULTS__KILL_AT"]
    assert [one["state"] for one in status(pipeline)] == ["in_progress", "in_progress"]
    report = pipeline.json(*words)
    assert {symbol: one["rows"] for symbol, one in report["symbols"].items()} == {symbol: len(rows) for symbol, rows in traded.items()}
    assert report["symbols"]["BTC-USDT"]["earlier"] > 0
    assert (report["refused"], report["drained"]) == ({}, True)
    for symbol, rows in traded.items():
        stored = pipeline.query(
            "SELECT trade_id::bigint, price, volume, ts_event_ns, side FROM market_ticks"
            f" WHERE source = 'killed' AND symbol = '{symbol}' ORDER BY seq"
        )
        assert stored == [
            (row.trade_id, Decimal(row.price), Decimal(row.size), row.time_ms * 1_000_000, "sell" if row.buyer_is_maker else "buy")
            for row in rows
        ]
        assert minutes_in(pipeline, "killed", symbol) == minutes_of(rows)
    pipeline.run("verify", "--source", "killed")  # exit code 1 at any difference
    assert not list((pipeline.data_dir / "backfills" / "binance" / "killed").rglob("*.pages"))

    before = pipeline.checksums()
    assert pipeline.json(*words)["sent"] == 0
    assert pipeline.checksums() == before
    btc, eth = status(pipeline)
    assert (btc["symbol"], btc["state"], btc["rows"], btc["timeframe"]) == ("BTC-USDT", "completed", len(traded["BTC-USDT"]), "trades")
    assert (eth["state"], eth["reached_at"]) == ("completed", "2024-08-09 00:20:00+00:00")


def test_bars_are_the_venues_own(pipeline: Pipeline, traded: dict[str, list[TradeRow]]) -> None:
    words = ("backfill", "binance", *RANGE, "--timeframe", "1m")
    planned = pipeline.json(*words, "--dry-run")
    assert "terms of use" in planned["licence"]
    report = pipeline.json(*words)
    assert report["source"] == "binance-bars"
    for symbol, rows in traded.items():
        assert minutes_in(pipeline, "binance-bars", symbol) == minutes_of(rows)
    late = "SELECT count(*) FROM market_ohlcv WHERE source = 'binance-bars' AND (kind <> 'provider' OR known_at_ns <> ts_close_ns)"
    assert pipeline.query(late) == [(0,)]
    assert pipeline.query("SELECT count(*) > 0 FROM technical_indicators WHERE source = 'binance-bars'") == [(True,)]
    assert pipeline.json(*words, "--dry-run")["symbols"]["BTC-USDT"]["windows_done"] == planned["windows"]


def test_the_guides_commands_run(pipeline: Pipeline) -> None:
    guide = (ROOT / "docs" / "guides" / "backfilling.md").read_text()
    commands = [line.split()[1:] for line in guide.splitlines() if line.startswith("tickerplant backfill")]
    assert len(commands) >= 4
    outputs = [pipeline.run(*words).stdout for words in commands]
    assert "dry run: nothing was fetched and nothing was sent" in outputs[0]
    assert all("BTC-USDT: " in output and "sent: " in output for output in outputs[1:3])
    assert outputs[-1].count("binance-history") == outputs[-1].count("binance-bars") == 2
    assert "failed" not in outputs[-1]
