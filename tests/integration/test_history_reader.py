"""The reader for backtests on a real database: every kind, exact and quick, whole and in chunks, as of a time, and what it says to mistakes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow as pa
import pytest
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from history import History, NoRows, Progress, selection
from history.columns import BARS, INDICATORS, SIGNALS, TICKS
from history.session import Session
from runtime.errors import UserError
from runtime.settings import load_settings
from tests.support import run_tickerplant
from tests.verify_world import SHORT, START_NS, World, feed

pytestmark = pytest.mark.stack
SERIES = ("BTC-USDT", "binance")
LONG = ("LONG-USDT", "made")
DIGITS = "1.1234567890123456789012345"  # more than decimal128 with 18 places holds
WIDE = {"symbol": "WIDE-USDT", "close_price": DIGITS, "low_price": 1, "high_price": 1000}
LONG_ROWS = 7_001
T0 = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Twenty minutes through the stages' cores, some days of minutes made by SQL, and one bar with a history."""
    name = f"history_{uuid4().hex[:10]}"
    address = stack.create_database(name)
    world = World(load_settings(data_dir=tmp_path_factory.mktemp("history"), process=SHORT.model_dump()))
    feed(world, SERIES[0])
    with psycopg.connect(address) as connection:
        world.tables().store(connection)
        connection.execute(
            "INSERT INTO market_ohlcv SELECT (jsonb_populate_record(b, %s)).* FROM market_ohlcv AS b WHERE timeframe = '1m'", [Jsonb(WIDE)]
        )
        connection.execute(LONG_BARS, {"t0": T0, "rows": LONG_ROWS})
        connection.execute(HISTORY)
    yield address
    stack.drop_database(name)


LONG_BARS = """
    INSERT INTO market_ohlcv ("timestamp", symbol, source, timeframe, open_price, high_price, low_price, close_price, volume, quote_volume, vwap,
        trade_count, kind, revision, quality_score, reasons, ts_open_ns, ts_close_ns, known_at_ns, is_primary, primary_epoch)
    SELECT %(t0)s::timestamptz + n * interval '1 minute', 'LONG-USDT', 'made', '1m', 1 + n / 1000.0, 90, 0.5, 1 + n / 1000.0, n, 1, 1,
        1, 'final', 0, 1, '{}', ns + n * 60000000000, ns + (n + 1) * 60000000000, ns + (n + 1) * 60000000000 + 7, true, 0
    FROM generate_series(0, %(rows)s::bigint - 1) AS n, (SELECT (extract(epoch FROM %(t0)s::timestamptz) * 1000000000)::bigint AS ns) AS zero
"""
# The bar of minute 3 was corrected an hour after it closed.
HISTORY = """
    INSERT INTO market_ohlcv_history SELECT * FROM market_ohlcv WHERE symbol = 'LONG-USDT' AND volume = 3;
    UPDATE market_ohlcv SET revision = 1, kind = 'corrected', volume = 3.5, known_at_ns = known_at_ns + 3600000000000
    WHERE symbol = 'LONG-USDT' AND volume = 3
"""


@pytest.fixture
def history(url: str) -> Iterator[History]:
    with History(url) as opened:
        yield opened


def sql(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_bars_are_the_table(history: History, url: str) -> None:
    names = ("open", "high", "low", "close", "volume", "vwap", "kind", "reasons", "known_at")
    frame = history.bars(*SERIES, "1m", columns=names).pandas()
    rows = sql(url, """SELECT ts_open_ns, open_price, high_price, low_price, close_price, volume, vwap, kind, array_to_string(reasons, ' '), known_at_ns
        FROM market_ohlcv WHERE symbol = 'BTC-USDT' AND timeframe = '1m' ORDER BY 1""")  # fmt: skip
    found = [(at.value, *values[:-1], values[-1].value) for at, values in zip(frame.index, frame.itertuples(index=False), strict=True)]
    assert found == rows
    assert [str(value) for value in frame["open"]] == [str(row[1]) for row in rows]  # the digits too
    assert frame["reasons"].str.contains("partial_interval").any()


def test_floats_and_arrow_are_the_same_rows(history: History) -> None:
    bars = history.bars(*SERIES, "1m")
    exact = bars.arrow()
    assert pa.types.is_decimal(exact.schema.field("close").type)
    assert bars.arrow("float")["close"].to_pylist() == [float(value) for value in exact["close"].to_pylist()]
    assert bars.pandas("float")["close"].tolist() == [float(value) for value in bars.pandas()["close"]]


def test_no_digit_is_lost_where_decimal128_is_too_small(history: History) -> None:
    table = history.bars("WIDE-USDT", columns=["close"]).arrow()
    assert pa.types.is_decimal256(table.schema.field("close").type)
    assert set(table["close"].to_pylist()) == {Decimal(DIGITS)}
    assert set(history.bars("WIDE-USDT").pandas()["close"].map(str)) == {DIGITS}


@pytest.mark.parametrize("kind", [BARS, TICKS, INDICATORS, SIGNALS], ids=lambda kind: kind.name)
def test_every_column_of_every_kind(history: History, url: str, kind: Any) -> None:
    ask = getattr(history, kind.name)
    every = [column.name for column in kind.columns]
    frame = ask(*SERIES, columns=every).pandas()
    assert [frame.index.name, *frame.columns] == every
    where = "symbol = 'BTC-USDT'" + ("" if kind is TICKS else " AND timeframe = '1m'")
    assert len(frame) == sql(url, f"SELECT count(*) FROM {kind.table} WHERE {where}")[0][0]
    assert frame.index.is_monotonic_increasing
    assert ask(*SERIES).pandas().columns.tolist() == list(kind.default)


def test_ticks_of_a_kind(history: History) -> None:
    trades, quotes = history.ticks(*SERIES, kind="trade").pandas(), history.ticks(*SERIES, kind="quote").pandas("float")
    assert isinstance(trades["price"].iloc[0], Decimal)
    assert trades.index[0].value == START_NS + 1_500_000_789
    assert (quotes["bid"] < quotes["ask"]).all()
    assert len(trades) + len(quotes) == len(history.ticks(*SERIES).pandas())
    early = history.ticks(*SERIES, as_of=trades["known_at"].iloc[4].value).pandas()
    assert early["known_at"].max() == trades["known_at"].iloc[4]


def test_indicators_of_a_name(history: History) -> None:
    frame = history.indicators(*SERIES, names=["macd_2_3_2"]).pandas()
    assert set(frame["name"]) == {f"macd_2_3_2.{output}" for output in ("macd", "signal", "histogram", "previous_histogram")}


def test_range_is_half_open(history: History) -> None:
    frame = history.bars(*LONG, start=T0 + timedelta(minutes=10), end=T0 + timedelta(minutes=12)).pandas()
    assert frame["volume"].tolist() == [10, 11]


def test_chunks_are_the_range(history: History) -> None:
    said: list[Progress] = []
    bars = history.bars(*LONG, start=T0)
    frames = list(bars.frames("float", rows=1_000, progress=said.append))
    assert [len(frame) for frame in frames] == [1_000] * 7 + [1]
    assert [value for frame in frames for value in frame["close"]] == bars.pandas("float")["close"].tolist()
    assert [progress.rows for progress in said] == [*range(1_000, 7_001, 1_000), LONG_ROWS]
    assert said[-1].share == 1
    assert [table.num_rows for table in bars.tables(rows=5_000)] == [5_000, 2_001]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole reads of several chunks, which two connections share."""
    monkeypatch.setattr(selection, "_WHOLE_CHUNK_ROWS", 500)


@pytest.mark.usefixtures("small_chunks")
def test_two_connections_read_the_same_snapshot(history: History, url: str) -> None:
    whole = history.bars(*LONG, end=T0 + timedelta(minutes=LONG_ROWS))
    readers = history._session.beside
    with history._session.snapshot() as connection, readers(connection) as (first, second):
        change = "UPDATE market_ohlcv SET volume = volume + %s WHERE symbol = 'LONG-USDT'"
        with psycopg.connect(url) as other:
            other.execute(change, [1_000_000])
        assert first.info.backend_pid != second.info.backend_pid
        largest = "SELECT max(volume) FROM market_ohlcv WHERE symbol = 'LONG-USDT'"
        assert [one.execute(largest).fetchone() for one in (first, second)] == [(LONG_ROWS - 1,)] * 2
        with psycopg.connect(url) as other:
            other.execute(change, [-1_000_000])
    frame = whole.pandas()
    assert frame["close"].tolist() == [1 + Decimal(n) / 1000 for n in range(LONG_ROWS)]
    assert frame.index.is_monotonic_increasing
    assert whole.arrow()["close"].to_pylist() == frame["close"].tolist()


@pytest.mark.usefixtures("small_chunks")
def test_one_connection_does_where_the_server_has_no_second(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_session: Any) -> Any:
        raise UserError("too many clients")

    monkeypatch.setattr(Session, "_open", full)
    assert len(history.bars(*LONG).pandas()) == LONG_ROWS


@pytest.mark.usefixtures("small_chunks")
def test_an_error_in_a_chunk_is_told(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chunk that the other connection reads meanwhile is given up, not waited for."""
    monkeypatch.setattr(selection, "statement", lambda question: SQL("SELECT pg_sleep(600), %(from)s::timestamptz"))
    with history._session.snapshot() as connection:
        connection.execute("SET statement_timeout = '50ms'")
    with pytest.raises(UserError, match="statement_timeout_s"):
        history.bars(*LONG).pandas()


def test_a_stream_left_open_is_in_nobodys_way(history: History) -> None:
    stream = history.bars(*LONG).frames(rows=10)
    next(stream)
    other = history.bars(*SERIES).tables()
    assert next(other).num_rows == 19
    stream.close()
    assert len(history.bars(*SERIES).pandas()) == 19


def test_as_of_tells_the_old_and_the_new_value(history: History) -> None:
    known = T0 + timedelta(minutes=4, seconds=1)
    for as_of, volumes in ((known, [0, 1, 2, 3]), (known + timedelta(hours=1), [0, 1, 2, Decimal("3.5")])):
        assert history.bars(*LONG, as_of=as_of).pandas()["volume"].tolist()[:4] == volumes
    assert len(history.bars(*LONG, as_of=known).pandas()) == 4
    with pytest.raises(NoRows, match="known at 2024-01-01T00:00:00Z"):
        history.bars(*LONG, as_of=T0).pandas()


def test_as_of_of_indicators_and_signals(history: History) -> None:
    signals = history.signals(*SERIES).pandas()
    at = signals["known_at"].iloc[5]
    assert len(history.signals(*SERIES, as_of=at.value).pandas()) == (signals["known_at"] <= at).sum()
    assert history.indicators(*SERIES, as_of=at.value).pandas()["known_at"].max() <= at


def test_series_and_the_only_source(history: History) -> None:
    assert ("LONG-USDT", "made", "1m") in history.series()
    assert ("BTC-USDT", "binance", "") in history.series("ticks")
    assert len(history.bars("LONG-USDT", end=T0 + timedelta(hours=1)).pandas()) == 60


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda h: h.bars("DOGE-USDT"), "no bars of DOGE-USDT; there are some of BTC-USDT, LONG-USDT, WIDE-USDT"),
        (lambda h: h.bars("DOGE-USDT", "made"), "there are some of BTC-USDT, LONG-USDT, WIDE-USDT"),
        (lambda h: h.bars("LONG-USDT", "kraken"), "there are some from made"),
        (lambda h: h.bars(*LONG, "5m"), "there are some of 1m"),
        (lambda h: h.bars(*LONG, "7m"), "there is no timeframe 7m; there are 1m, 5m"),
        (lambda h: h.bars(*LONG, start="2025-01-01"), "there are some from 2024-01-01T00:00:00Z to 2024-01-05T20:40:00Z"),
        (lambda h: h.bars(*LONG, start="2024-01-02", end="2024-01-02"), "the range is empty"),
        (lambda h: h.bars(*LONG, columns=["opne"]), "bars have no column opne; there are timestamp, open, high"),
        (lambda h: h.ticks("DOGE-USDT", "made"), "no ticks of DOGE-USDT"),
        (lambda h: h.ticks(*SERIES, kind="book"), "write trade or quote"),
        (lambda h: h.bars(*LONG).pandas("decimal"), "write exact or float"),
        (lambda h: next(h.bars(*LONG).frames(rows=0)), "at least one row"),
        (lambda h: h.series("candles"), "there are bars, ticks"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_what_is_known(history: History, ask: Any, says: str) -> None:
    with pytest.raises(UserError, match=says):
        ask(history)


def test_several_sources_want_a_choice(history: History, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            'INSERT INTO market_ohlcv SELECT (jsonb_populate_record(b, \'{"source": "other"}\')).* FROM market_ohlcv AS b WHERE volume = 9'
        )
    with pytest.raises(UserError, match="several sources; name one with source=: made, other"):
        history.bars("LONG-USDT")


def test_it_can_only_read_and_not_for_ever(url: str, tmp_path: Path) -> None:
    history = History(url, statement_timeout_s=0.2)
    with history._session.snapshot() as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM market_ohlcv")
    with pytest.raises(UserError, match="statement_timeout_s"), history._session.snapshot() as connection:
        connection.execute("SELECT pg_sleep(60)")
    history.close()
    with pytest.raises(UserError, match="no address"):
        History(data_dir=tmp_path)
    with pytest.raises(UserError, match="does not answer"):
        History("postgresql://127.0.0.1:1/none")


def test_dataset_command(url: str, tmp_path: Path) -> None:
    def run(*more: str) -> Any:
        words = ("dataset", "--data-dir", str(tmp_path), "--source", "made", *more)
        return run_tickerplant(*words, env={"TICKERPLANT_POSTGRES__URL": url})

    done = run("--symbol", "LONG-USDT", "--from", "2023-12-31T23:00:00", "--to", "2024-01-01T01:00:00", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["expected"], found["stored"], found["completeness"], found["accuracy"]) == (120, 60, 0.5, 1)
    assert [one["bars"] for one in found["missing"]] == [60]
    text = run("--symbol", "LONG-USDT", "--to", "2024-01-01T01:00:00").stdout
    assert "completeness  100.0000%  (60 bars stored, 60 intervals of open market)" in text
    wrong = run("--symbol", "DOGE-USDT")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("tickerplant: no bars of DOGE-USDT; there are some of BTC-USDT")
