"""`tickerplant backfill` at a desk: mistakes that end in one line, and a dry run without a stack."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingestors.exchange_server.generator import Generated, Generator
from ingestors.exchange_server.pace import TimelinePace
from ingestors.exchange_server.server import ExchangeServer
from runtime.clock import SystemClock
from runtime.errors import UserError
from tests.support import run_tickerplant
from tickerplant.cli.main import build

FROM = ("--from", "2024-08-08")


@pytest.fixture(scope="module")
def rest_url() -> Iterator[str]:
    """The local exchange, which knows what was before 2024-08-09T02:10."""
    loop, clock = asyncio.new_event_loop(), SystemClock()
    server = ExchangeServer(Generator(Generated(("BTC-USDT",), 3, 1_723_169_400, trades_per_s=0.5)), TimelinePace(1.0, clock), clock)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)[1]
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def mistake(*words: str) -> str:
    error = CliRunner().invoke(build(), ["backfill", *words]).exception
    assert isinstance(error, UserError)  # the entry point makes one line and exit code 2 of it
    return str(error)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", *FROM), "no provider 'nobody'"),
        (("ftx", *FROM), "FTX stopped"),
        (("binance",), "Write --from"),
        (("binance", "--from", "soon"), "is no time"),
        (("binance", "--from", "2024-08-09", "--to", "2024-08-09"), "nothing lies between"),
        (("binance", "--from", "2024-08-09", "--to", "2024-08-09T00:30", "--timeframe", "1h"), "no 1h bar is over by then"),
        (("binance", *FROM, "--to", "2999-01-01"), "lies in the future"),
        (("binance", *FROM, "--timeframe", "7m"), "there is no such timeframe"),
        (("binance", *FROM, "--timeframe", "2d"), "gives no bars of 2d; it gives 1m, 5m"),
        (("coinbase", *FROM, "--timeframe", "4h"), "it gives 1m, 5m, 15m, 1h, 6h, 1d"),
        (("htx", *FROM), "htx gives no bars of 1d; it gives 1m, 5m, 15m, 30m, 1h, 4h"),
        (("kraken", *FROM, "--timeframe", "1m"), "kraken gives bars of 1m of the last 11 hours only; give a later --from"),
        (("binance", *FROM, "--symbols", "btc/usdt"), "write them as"),
        (("binance", *FROM, "--source", "No Source"), "is no name of a source"),
        (("status",), "no address for kafka"),
    ],
)
def test_a_mistake_is_one_line(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in mistake(*words, "--data-dir", str(tmp_path))


def test_a_dry_run_says_how_much_it_is(rest_url: str, tmp_path: Path) -> None:
    words = ["backfill", "binance", "--symbols", "BTC-USDT", "--from", "2024-08-08T22:00", "--to", "2024-08-09T02:00"]
    words += ["--dry-run", "--data-dir", str(tmp_path)]
    trades = run_tickerplant(*words, env={"TICKERPLANT_BINANCE__REST_URL": rest_url})
    assert trades.returncode == 0, trades.stderr
    assert "licence: public market data, no key; Binance's terms of use apply" in trades.stdout
    assert "BTC-USDT: about 7,200 trades, 8 questions; 0 of 2 windows are done" in trades.stdout
    bars = run_tickerplant(*words, "--timeframe", "1h", "--json", env={"TICKERPLANT_BINANCE__REST_URL": rest_url})
    answer = json.loads(bars.stdout)
    assert (answer["source"], answer["data"], answer["symbols"]) == (
        "binance-bars",
        "1h",
        {"BTC-USDT": {"rows": 4, "questions": 1, "windows_done": 0}},
    )
    assert not list(tmp_path.iterdir())
