"""The Python in the guides for users of the data does what the text says."""

import asyncio
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest

from runtime.settings import load_settings
from schemas.codec import decode_signal
from sinks.webhook.signature import headers_of
from tests.access_support import SECRET, token
from tests.gateway_events import bar, signal, trade
from tests.gateway_support import Feeder, running_gateway
from tests.verify_world import SHORT, World, feed

ROOT = Path(__file__).parents[2]


def python_of(page: str) -> list[str]:
    return blocks_of(page, "python")


def blocks_of(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs" / "guides" / page).read_text(), re.MULTILINE | re.DOTALL)


def correct_a_bar(connection: Any) -> int:
    """The first bar of a minute gets a second revision with a close of 1, known after the last bar. Returns its ts_open_ns."""
    connection.execute("INSERT INTO market_ohlcv_history SELECT * FROM market_ohlcv WHERE timeframe = '1m' ORDER BY ts_open_ns LIMIT 1")
    [(opening_ns,)] = connection.execute("SELECT ts_open_ns FROM market_ohlcv_history").fetchall()
    connection.execute(
        "UPDATE market_ohlcv SET close_price = 1, low_price = 1, revision = 1, kind = 'corrected',"
        " known_at_ns = (SELECT max(known_at_ns) FROM market_ohlcv) WHERE timeframe = '1m' AND ts_open_ns = %s",
        (opening_ns,),
    )
    return int(opening_ns)


@pytest.mark.stack
def test_backtesting(stack: Any, tmp_path: Path) -> None:
    name = f"guides_{uuid4().hex[:10]}"
    names: dict[str, Any] = {"url": stack.create_database(name)}
    world = World(load_settings(data_dir=tmp_path, process=SHORT.model_dump()))
    feed(world, "BTC-USDT")
    with psycopg.connect(names["url"]) as connection:
        world.tables().store(connection)
        corrected_ns = correct_a_bar(connection)
    with psycopg.connect(names["url"]) as connection:
        for block in blocks_of("backtesting.md", "sql"):
            assert connection.execute(block.encode()).description
    for block in python_of("backtesting.md"):
        exec(block, names)
    stack.drop_database(name)
    known = names["known"]
    assert len(known) == len(names["bars"]) == 19
    known = known[known["ts_open_ns"] != corrected_ns]  # it is known late, when later signals are
    assert (known["signal_ts_open_ns"].dropna() <= known["ts_open_ns"][known["signal_ts_open_ns"].notna()]).all()
    assert known["signal"].abs().sum() > 0
    assert names["result"].abs().sum() > 0
    before, _, after = names["moments"]
    assert names["seen"][before][corrected_ns] != names["seen"][after][corrected_ns] == 1.0
    assert len(names["seen"][before]) == len(names["seen"][after]) - 10
    assert len(names["exact"]) == len(names["quick"]) == names["arrow"].num_rows == len(names["bars"])
    assert names["total"] == float(names["trades"]["volume"].sum())
    assert 0 < len(names["then"]) < len(names["bars"])
    assert names["wide"].columns.tolist() == ["rsi_2.value"]
    assert names["comparable"]["close"].iloc[-1] == names["exact"]["close"].iloc[-1]
    assert names["comparable"]["volume"].iloc[0] == 5 * names["exact"]["volume"].iloc[0]
    assert set(names["indicators"].columns) >= {"rsi_2.value", "macd_2_3_2.histogram", "momentum_1.value"}


def test_trading_engine() -> None:
    names: dict[str, Any] = {}
    for block in python_of("trading-engine.md"):
        exec(block, names)
    buy = decode_signal((ROOT / "schemas/examples/signal/valid/buy.json").read_bytes())
    now_ns = buy.ts_close_ns + 1
    changed = msgspec.structs.replace
    book = names["Book"](frozenset({"binance"}))
    assert book.take(buy, now_ns) == (buy, "")
    assert book.take(buy, now_ns)[0] is None
    newer = changed(buy, revision=2)
    assert book.take(newer, now_ns) == (newer, "")
    assert book.take(changed(buy, revision=1), now_ns)[0] is None
    assert book.take(changed(buy, ts_open_ns=buy.ts_open_ns - 60_000_000_000, revision=9), now_ns)[0] is None
    following = changed(buy, ts_open_ns=buy.ts_open_ns + 60_000_000_000)
    assert book.take(following, buy.valid_until_ns) == (None, "expired")
    assert book.take(changed(buy, symbol="ETH-USDT", status="unwarm"), now_ns) == (None, "unwarm")
    assert book.take(changed(buy, source="binance-simulated"), now_ns) == (None, "another source")
    assert book.take(changed(buy, primary=False), now_ns) == (None, "another source")


def test_alerts() -> None:
    names: dict[str, Any] = {}
    for block in python_of("alerts.md"):
        exec(block, names)
    body = b"{}"
    headers = headers_of("a secret", 1000, body, "id")
    assert names["is_ours"]("a secret", headers, body, 1200.0)
    assert not names["is_ours"]("another", headers, body, 1200.0)
    assert not names["is_ours"]("a secret", headers, b"{ }", 1200.0)
    assert not names["is_ours"]("a secret", headers, body, 1300.0)


@pytest.mark.stack
def test_cache(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERPLANT_REDIS__URL", stack.redis_url())
    names: dict[str, Any] = {}
    for block in python_of("cache.md"):
        exec(block, names)
    assert (names["quote"], names["first"], names["second"]) == (None, None, None)
    assert names["profile"].value == {"name": "Ethereum"}
    assert names["removed"] == 2
    assert names["statistics"].redis_up


@pytest.mark.stack
async def test_clients(line: Any, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for block in python_of("clients.md"):
        exec(block, names)
    feeder, trades, signals, tokens = Feeder(line), list[Any](), list[Any](), list[str]()

    def next_token() -> str:
        tokens.append(token())
        return tokens[-1]

    feeder.event(bar(0))
    feeder.event(signal(0, vote=1))
    feeder.flush()
    with running_gateway(
        line, TICKERPLANT_GATEWAY__ACCESS__HS256_SECRET=SECRET, TICKERPLANT_GATEWAY__ACCESS__ANONYMOUS="enterprise"
    ) as gateway:
        url, printed = gateway.socket, ""
        running = [
            asyncio.create_task(each)
            for each in (
                names["print_bars"](url),
                names["follow"](url, lambda *sold: trades.append(sold), signals.append),
                names["with_tokens"](url, next_token),
            )
        ]
        async with asyncio.timeout(60):
            while "1 bars to begin with" not in printed or "Snapshot(" not in printed:
                printed += capsys.readouterr().out
                await asyncio.sleep(0.02)
            number = 1
            while not (trades and signals and "61717.63 1.0 final" in printed):
                feeder.ticks(trade(number))
                feeder.event(bar(number))
                feeder.event(signal(number))
                await asyncio.to_thread(feeder.flush)
                await asyncio.sleep(0.1)
                printed += capsys.readouterr().out
                number += 1
        for task in running:
            task.cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
    assert [type(each) for each in ended] == [asyncio.CancelledError] * 3
    assert (str(trades[0][0]), str(trades[0][1]), len(tokens)) == ("61652.00", "0.10300", 1)
