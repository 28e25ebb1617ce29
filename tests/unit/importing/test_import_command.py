"""`tickerplant import` at a desk: dry runs, and mistakes that end in one line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.errors import UserError
from runtime.settings import Settings
from runtime.settings.providers import BinanceSettings, CoinbaseSettings, ProvidersSettings
from tests.support import run_tickerplant
from tickerplant.cli.main import build
from tickerplant.importing.ledger import Ledger, Progress
from tickerplant.importing.plan import check_source

TRADES = "time,price,size\n2024-08-09T00:00:00Z,100,1\n2024-08-09T00:00:02Z,-1,1\n2024-08-09T00:00:01Z,101,2\n"


def mistake(*words: str) -> str:
    error = CliRunner().invoke(build(), words).exception
    assert isinstance(error, UserError)  # the entry point makes one line and exit code 2 of it
    return str(error)


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    path = tmp_path / "trades.csv"
    path.write_text(TRADES)
    return path


def test_a_dry_run_says_what_would_go_in_and_what_not(trades: Path, tmp_path: Path) -> None:
    words = ("import", str(trades), "--symbol", "BTC-USDT", "--dry-run", "--data-dir", str(tmp_path))
    done = run_tickerplant(*words)
    assert done.returncode == 0, done.stderr
    assert "columns: time=time (guessed), price=price (guessed), size=size (guessed)" in done.stdout
    assert "refused: 1 non_positive_price" in done.stdout
    assert "dry run: 2 rows would go in, nothing was sent" in done.stdout
    answer = json.loads(CliRunner().invoke(build(), [*words, "--json"]).stdout)
    assert answer["series"] == [
        {"series": "BTC-USDT file trade", "rows": 3, "first": "2024-08-09T00:00:00Z", "last": "2024-08-09T00:00:02Z"}
    ]
    assert not (tmp_path / "imports").exists() or not list((tmp_path / "imports").iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--symbol", "BTC-USDT"], "no address for kafka"),
        ([], "Write --symbol"),
        (["--symbol", "BTC-USDT", "--source", "binance", "--dry-run"], "is a live source"),
        (["--symbol", "BTC-USDT", "--source", "file-bars", "--dry-run"], "is a source of bars"),
        (["--symbol", "BTC-USDT", "--map", "price", "--dry-run"], "equals sign"),
        (["--symbol", "BTC-USDT", "--tz", "Mars/Base", "--dry-run"], "is no time zone"),
        (["--symbol", "BTC-USDT", "--date", "today", "--dry-run"], "is no day"),
        (["--symbol", "BTC-USDT", "--price-scale", "-1", "--dry-run"], "give a positive number"),
        (["--symbol", "BTC-USDT", "--columns", "a,b", "--dry-run"], "names 2 columns"),
    ],
)
def test_mistakes_are_one_line(trades: Path, tmp_path: Path, words: list[str], said: str) -> None:
    assert said in mistake("import", str(trades), *words, "--data-dir", str(tmp_path / "none"))


@pytest.mark.parametrize("source", ["venue", "venue-simulated", "binance", "shares", "coinbase"])
def test_a_live_source_is_known_by_the_name_that_it_was_given(source: str) -> None:
    settings = Settings(binance=BinanceSettings(source="venue"), providers=ProvidersSettings(coinbase=CoinbaseSettings(source="shares")))
    with pytest.raises(UserError, match="is a live source"):
        check_source(source, False, settings)


def test_bars_of_a_source_that_is_not_published_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("time,open,high,low,close\n2024-08-09,1,1,1,1\n2024-08-10,1,1,1,1\n")
    said = mistake("import", str(path), "--symbol", "AAPL", "--source", "vendor")
    assert 'process.provider_bars = ["file-bars", "binance-bars", ' in said
    assert '"quandl", "vendor"]' in said


def test_a_ledger_is_about_one_log_and_is_never_half(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "imports", "a")
    assert ledger.read(["f"], "log").events == 0
    ledger.write(Progress(["f"], "log", 5, 1, True, ["file"], {"BTC-USDT file trade": 7}))
    assert ledger.read(["f"], "log") == Progress(["f"], "log", 5, 1, True, ["file"], {"BTC-USDT file trade": 7})
    assert ledger.read(["f"], "another log") == Progress(["f"], "another log")
    ledger.path.write_text("{")
    with pytest.raises(UserError, match="delete it"):
        ledger.read(["f"], "log")


def test_ledgers_know_what_others_of_the_log_were_complete_to(tmp_path: Path) -> None:
    one, two, other_log, broken = (Ledger(tmp_path / "imports", name) for name in "abcd")
    assert one.completed("log") == {}
    one.write(Progress(["f"], "log", done=True, sources=["file", "mine"], complete_until_ns=7))
    two.write(Progress(["f"], "log", done=True, sources=["file"], complete_until_ns=9))
    other_log.write(Progress(["f"], "another log", done=True, sources=["file"], complete_until_ns=99))
    broken.path.write_text("{")
    assert broken.completed("log") == {"file": 9, "mine": 7}
    assert two.completed("log") == {"file": 7, "mine": 7}
