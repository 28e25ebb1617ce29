"""`tickerplant verify` on a real database: a right set passes, one wrong row of each table is found and named, and it says what keeps it from running."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from runtime.errors import UserError
from runtime.settings import Settings, load_settings
from schemas.ticks import Watermark
from tests.support import run_tickerplant
from tests.verify_world import SHORT, START_NS, World, audit, feed, told
from tickerplant.cli.main import build
from tickerplant.verify.store import Series, Store, open_store

pytestmark = pytest.mark.stack

MINUTE_NS = 60_000_000_000
SHORT_ENV = {
    "TICKERPLANT_PROCESS__RSI_PERIOD": "2",
    "TICKERPLANT_PROCESS__MACD_FAST": "2",
    "TICKERPLANT_PROCESS__MACD_SLOW": "3",
    "TICKERPLANT_PROCESS__MACD_SIGNAL": "2",
    "TICKERPLANT_PROCESS__MOMENTUM_PERIOD": "1",
}


@dataclass
class Filled:
    """A database whose tables hold two symbols, all right; nobody commits a change to it."""

    settings: Settings
    url: str

    def env(self) -> dict[str, str]:
        return {**SHORT_ENV, "TICKERPLANT_POSTGRES__URL": self.url}

    @contextmanager
    def changed(self, statement: str = "") -> Iterator[psycopg.Connection[Any]]:
        """The tables after a statement that is taken back in the end."""
        with psycopg.connect(self.url) as connection:
            if statement:
                assert connection.execute(statement).rowcount >= 1  # type: ignore[call-overload]
            yield connection
            connection.rollback()


@pytest.fixture(scope="module")
def filled(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    name = f"verify_{uuid4().hex[:10]}"
    url = stack.create_database(name)
    settings = load_settings(data_dir=tmp_path_factory.mktemp("verify"), postgres={"url": url}, process=SHORT.model_dump())
    world = World(settings)
    feed(world, "BTC-USDT")
    feed(world, "ETH-USDT")
    world.feed(Watermark("binance", 0, START_NS + 20 * MINUTE_NS + 2_000_000_000, START_NS + 20 * MINUTE_NS, 0))
    with psycopg.connect(url) as connection:
        world.tables().store(connection)
    yield Filled(settings, url)
    stack.drop_database(name)


def invoke(*words: str, env: dict[str, str]) -> Result:
    return CliRunner().invoke(build(), words, env=env)


def test_command_on_a_right_set(filled: Filled) -> None:
    done = run_tickerplant("verify", env=filled.env())
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("verify: no difference")
    answer = json.loads(invoke("verify", "--json", "--symbol", "BTC-USDT", env=filled.env()).stdout)
    assert answer["ok"] is True
    assert answer["differences"] == []
    assert answer["compared"]["market_ticks"] == 41
    assert answer["compared"]["market_gaps"] == 1


def test_command_on_a_wrong_set(filled: Filled) -> None:
    """What is wrong, and how much of it, as text and as JSON."""
    change, undo = (
        "UPDATE market_ohlcv SET volume = volume + 1 WHERE timeframe = '1m'",
        "UPDATE market_ohlcv SET volume = volume - 1 WHERE timeframe = '1m'",
    )
    with psycopg.connect(filled.url, autocommit=True) as connection:
        connection.execute(change)
        text = run_tickerplant("verify", "--wait-s", "0.1", env=filled.env())
        answer = invoke("verify", "--json", env=filled.env())
        connection.execute(undo)
    assert text.returncode == 1
    lines = text.stdout.splitlines()
    assert "  market_ohlcv: BTC-USDT binance 1m 2024-08-08T23:54:00Z: volume is 1.25, expected 0.25" in lines
    assert lines[-1] == "verify: 40 differences"
    assert answer.exit_code == 1
    found = json.loads(answer.stdout)
    assert (found["ok"], found["difference_count"], len(found["differences"])) == (False, 40, 40)
    assert found["differences"][0] == {
        "table": "market_ohlcv",
        "kind": "differs",
        "key": "BTC-USDT binance 1m 2024-08-08T23:54:00Z",
        "field": "volume",
        "expected": "0.25",
        "actual": "1.25",
    }


def test_command_lists_the_first_50(filled: Filled) -> None:
    """Indicators of other parameters than the configured ones: every row is one too many, and as many are missing."""
    env = {**filled.env(), "TICKERPLANT_PROCESS__RSI_PERIOD": "3"}
    short, whole = invoke("verify", env=env), invoke("verify", "--all", env=env)
    assert (short.exit_code, whole.exit_code) == (1, 1)
    assert "more; --all lists them" in short.stdout
    assert "more; --all lists them" not in whole.stdout
    assert len(whole.stdout.splitlines()) > len(short.stdout.splitlines()) > 50
    assert "technical_indicators: BTC-USDT binance 1m 2024-08-08T23:57:00Z rsi_3 value: missing" in whole.stdout


def test_command_with_a_capture(filled: Filled, tmp_path: Path) -> None:
    capture = tmp_path / "capture.txt"
    data = {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "100.123456789", "q": "0.25", "T": 1, "m": False}
    capture.write_text(f"{START_NS} {json.dumps({'stream': 'btcusdt@trade', 'data': data})}\n")
    done = invoke("verify", "--all", "--capture", str(capture), env=filled.env())
    assert done.exit_code == 1
    assert "market_ticks: BTC-USDT binance trade 2: should not be there: the capture has no such trade" in done.stdout
    assert "market_ticks: BTC-USDT binance trade 1: ts_event_ns is 1723161241500000789, expected 1000000" in done.stdout


def test_right_set(filled: Filled) -> None:
    with open_store(filled.settings) as store:
        assert store.series() == [Series("BTC-USDT", "binance"), Series("ETH-USDT", "binance")]
        assert store.series(symbols=("ETH-USDT",), sources=("binance",)) == [Series("ETH-USDT", "binance")]
        assert told(audit(store, filled.settings)) == []


def test_the_audit_cannot_write(filled: Filled) -> None:
    with open_store(filled.settings) as store, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        store.connection.execute("DELETE FROM market_ticks")


MINUTE_9 = "symbol = 'ETH-USDT' AND timeframe = '1m' AND \"timestamp\" = '2024-08-09 00:03:00Z'"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE market_ticks SET price = price + 1 WHERE seq = 19", ("market_ohlcv", "differs", "close_price")),
        ("UPDATE market_ticks SET seq = 90 WHERE seq = 41 AND symbol = 'ETH-USDT'", ("market_ticks", "missing", "")),
        ("UPDATE market_ticks SET trade_id = '2' WHERE kind = 'trade' AND seq = 40", ("market_ticks", "rule", "trade_id")),
        ("UPDATE market_ticks SET quality_score = 0.5 WHERE seq = 7", ("market_ticks", "differs", "quality_score")),
        ("UPDATE market_ticks SET reasons = '{late}' WHERE seq = 7", ("market_ticks", "differs", "reasons")),
        ('UPDATE market_ticks SET "timestamp" = "timestamp" + \'1 us\' WHERE seq = 7', ("market_ticks", "differs", "timestamp")),
        ("DELETE FROM market_ticks WHERE seq = 9", ("market_ticks", "missing", "")),
        ("DELETE FROM market_gaps WHERE symbol = 'ETH-USDT'", ("market_gaps", "missing", "")),
        (f"UPDATE market_ohlcv SET vwap = vwap + 0.0000000001 WHERE {MINUTE_9}", ("market_ohlcv", "differs", "vwap")),
        (f"UPDATE market_ohlcv SET kind = 'incomplete' WHERE {MINUTE_9}", ("market_ohlcv", "differs", "kind")),
        (f"UPDATE market_ohlcv SET revision = 1 WHERE {MINUTE_9}", ("market_ohlcv", "differs", "kind")),
        (f"DELETE FROM market_ohlcv WHERE {MINUTE_9}", ("market_ohlcv", "missing", "")),
        (f'UPDATE market_ohlcv SET "timestamp" = "timestamp" + \'1 day\' WHERE {MINUTE_9}', ("market_ohlcv", "extra", "")),
        (
            'INSERT INTO market_ohlcv SELECT (other).* FROM (SELECT jsonb_populate_record(bar, \'{"source": "kraken"}\') AS other '
            f"FROM market_ohlcv AS bar WHERE {MINUTE_9}) AS others",
            ("market_ohlcv", "rule", "is_primary"),
        ),
        (f"UPDATE technical_indicators SET value = value + 0.001 WHERE {MINUTE_9}", ("technical_indicators", "differs", "value")),
        (f"UPDATE technical_indicators SET warm = NOT warm WHERE {MINUTE_9}", ("technical_indicators", "differs", "warm")),
        (f"UPDATE technical_indicators SET parameters = '{{}}' WHERE {MINUTE_9}", ("technical_indicators", "differs", "parameters")),
        (f"DELETE FROM technical_indicators WHERE output = 'signal' AND {MINUTE_9}", ("technical_indicators", "missing", "")),
        (f"UPDATE technical_indicators SET output = 'x' WHERE output = 'signal' AND {MINUTE_9}", ("technical_indicators", "extra", "")),
        (f"UPDATE trading_signals SET confidence = 0.123 WHERE {MINUTE_9}", ("trading_signals", "differs", "confidence")),
        (
            f"UPDATE trading_signals SET components = jsonb_set(components, '{{rsi,signal}}', '9') WHERE {MINUTE_9}",
            ("trading_signals", "differs", "components.rsi.signal"),
        ),
        (
            f"UPDATE trading_signals SET valid_until_ns = valid_until_ns + 1 WHERE {MINUTE_9}",
            ("trading_signals", "differs", "valid_until_ns"),
        ),
        (f"DELETE FROM trading_signals WHERE {MINUTE_9}", ("trading_signals", "missing", "")),
        (f'UPDATE trading_signals SET "timestamp" = "timestamp" + \'1 day\' WHERE {MINUTE_9}', ("trading_signals", "extra", "")),
    ],
)
def test_one_wrong_row(filled: Filled, statement: str, expected: tuple[str, str, str]) -> None:
    with filled.changed(statement) as connection:
        assert expected in told(audit(Store(connection), filled.settings))


def test_without_tables(stack: Any, tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, postgres={"url": stack.addresses.postgres})
    with pytest.raises(UserError, match="tickerplant migrate"), open_store(settings):
        pass


def test_without_a_database(tmp_path: Path) -> None:
    done = run_tickerplant("verify", "--data-dir", str(tmp_path), env={"TICKERPLANT_POSTGRES__URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert done.returncode == 2
    assert done.stderr.startswith("tickerplant: the database does not answer")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [((), "tickerplant up"), (("--start", "tomorrow"), "--start tomorrow is no time"), (("--capture", "/no"), "/no cannot be read")],
)
def test_without_anything(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    done = invoke("verify", "--data-dir", str(tmp_path), *words, env={})
    assert isinstance(done.exception, UserError)
    assert sentence in str(done.exception)
