"""`tickerplant import` into a running line: real trades and bars of files, killed, repeated, revised."""

import csv
import gzip
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipeline import CAPTURES, ROOT, Pipeline, needs_recordings, running
from tests.support import eventually, start_tickerplant

pytestmark = [pytest.mark.stack, needs_recordings]
LEAN = ROOT.parent / "shared" / "data" / "lean" / "crypto" / "coinbase"
COLUMNS = ("id", "price", "qty", "time", "is_buyer_maker")
BARS = ("--columns", "time,open,high,low,close,volume", "--date", "2016-10-07", "--symbol", "BTC-USD")


@pytest.fixture(scope="module")
def pipeline(module_line: Any) -> Iterator[Pipeline]:
    with running(module_line) as started:
        yield started


@pytest.fixture(scope="module")
def trades() -> list[dict[str, Any]]:
    """As the exchange sent them, oldest first."""
    frames = [
        json.loads(line.split(b" ", 1)[1])
        for path in CAPTURES
        for line in gzip.decompress(path.read_bytes()).splitlines()
        if b"@trade" in line
    ]
    return [frame["data"] for frame in frames][:6_000]


def write_csv(trades: list[dict[str, Any]], path: Path) -> Path:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows((one["t"], one["p"], one["q"], one["T"], one["m"]) for one in trades)
    return path


def minutes_of(trades: list[dict[str, Any]]) -> dict[int, tuple[Any, ...]]:
    """open, high, low, close, volume and count by minute, computed without any of our code."""
    found: dict[int, list[dict[str, Any]]] = {}
    for one in trades:
        found.setdefault(one["T"] // 60_000, []).append(one)
    return {
        minute * 60_000_000_000: (
            *(Decimal(text) for text in (of[0]["p"], max(of, key=lambda one: Decimal(one["p"]))["p"])),
            min(Decimal(one["p"]) for one in of), Decimal(of[-1]["p"]), sum(Decimal(one["q"]) for one in of), len(of),
        )
        for minute, of in found.items()
    }  # fmt: skip


def test_trades_become_ticks_and_bars_once_however_often_they_are_imported(
    pipeline: Pipeline, trades: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = write_csv(trades, tmp_path / "trades.csv")
    words = ("import", str(path), "--symbol", "BTC-USDT", "--contiguous-ids")
    pipeline.env["TICKERPLANT_FAULTS__KILL_AT"] = "import:envelope_sent:12"
    assert pipeline.run(*words, code=None).returncode == -9
    del pipeline.env["TICKERPLANT_FAULTS__KILL_AT"]
    report = pipeline.json(*words)
    assert report["drained"]
    assert report["continued_after"] == 5_000
    assert (report["rows"], report["sent"], report["refused"], report["gaps"]) == (6_000, 1_000, {}, 0)
    assert report["stored"]["BTC-USDT file trade"] == 6_000
    assert pipeline.query("SELECT count(*), count(DISTINCT trade_id), bool_or(is_primary) FROM market_ticks WHERE source = 'file'") == [
        (6_000, 6_000, False)
    ]
    bars = pipeline.query(
        "SELECT ts_open_ns, open_price, high_price, low_price, close_price, volume, trade_count FROM market_ohlcv"
        " WHERE source = 'file' AND timeframe = '1m' AND NOT is_primary"
    )
    assert {row[0]: row[1:] for row in bars} == minutes_of(trades)
    early = "SELECT count(*) FROM market_ohlcv WHERE source = 'file' AND timeframe = '1m' AND known_at_ns <> ts_close_ns + 1000000000"
    assert pipeline.query(early) == [(0,)]

    pipeline.run("verify", "--source", "file")  # exit code 1 at any difference
    before = pipeline.checksums()
    assert pipeline.json(*words)["done_before"]
    for ledger in (pipeline.data_dir / "imports").glob("*.json"):
        ledger.unlink()
    again = pipeline.json(*words)
    assert again["not_sent"]["behind_history"] + again["sent"] == 6_000
    assert again["duplicates"] == again["sent"] > 0
    table = {name: pa.array([str(one[key]) for one in trades]) for name, key in zip(COLUMNS, "tpqTm", strict=True)}
    pq.write_table(pa.table(table), tmp_path / "trades.parquet")
    as_parquet = pipeline.json("import", str(tmp_path / "trades.parquet"), "--symbol", "BTC-USDT", "--contiguous-ids")
    assert set(as_parquet["new_rows"].values()) == {0}
    assert pipeline.checksums() == before


def test_wrong_rows_are_dead_letters_and_the_others_land(pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "poison.csv"
    rows = [
        "2024-08-09T00:00:00Z,100,1",
        "2024-08-09T00:00:02Z,-1,1",
        "soon,100,1",
        "2024-08-09T00:00:01Z,101,2",
        "2024-08-09T00:00:03Z,,1",
    ]
    path.write_text("\n".join(["time,price,size,venue", *(f"{row},Poison" for row in rows)]))
    words = ("import", str(path), "--symbol", "ETH-USDT")
    tried = pipeline.json(*words, "--dry-run")
    report = pipeline.json(*words)
    assert {reason: found["rows"] for reason, found in report["refused"].items()} == {
        "invalid_field": 1, "missing_field": 1, "non_positive_price": 1,
    }  # fmt: skip
    assert tried["refused"].keys() == report["refused"].keys()
    assert report["new_rows"]["market_ticks"] == 2
    letters = pipeline.json("dlq", "list", "--stage", "import")["letters"]
    assert sorted(letter["reason"] for letter in letters) == ["invalid_field", "missing_field"]
    assert pipeline.query("SELECT price, out_of FROM (SELECT price, reasons AS out_of, seq FROM market_ticks WHERE source = 'poison') t ORDER BY seq") == [
        (100, []), (101, [])
    ]  # fmt: skip


def test_bars_are_stored_measured_and_revised(pipeline: Pipeline, tmp_path: Path) -> None:
    """A day of minutes; then the same day with one volume corrected by the vendor."""
    minutes = LEAN / "minute" / "btcusd" / "20161007_trade.zip"
    report = pipeline.json("import", str(minutes), *BARS)
    rows = zipfile.ZipFile(minutes).read("20161007_btcusd_minute_trade.csv").decode().splitlines()
    assert report["read_as"]["timeframe"] == "1m (guessed)"
    assert report["stored"]["BTC-USD file-bars 1m"] == report["new_rows"]["market_ohlcv"] == len(rows)
    assert report["new_rows"]["technical_indicators"] > 0
    measured = pipeline.json("dataset", "--symbol", "BTC-USD", "--from", "2016-10-07", "--to", "2016-10-08")
    assert (measured["expected"], measured["stored"], measured["consistency"]) == (1_440, len(rows), 1.0)
    assert sum(one["bars"] for one in measured["missing"]) == 1_440 - len(rows)

    pipeline.run("verify", "--source", "file-bars")
    before = pipeline.checksums()
    wrong = rows[-1].split(",")
    corrected = tmp_path / "corrected.csv"
    corrected.write_text("\n".join([*rows[:-1], ",".join([*wrong[:5], "9.5"])]))
    changed = pipeline.json("import", str(corrected), *BARS)
    assert (changed["sent"], changed["revised"], changed["not_sent"]) == (1, 1, {"duplicate": len(rows) - 1})
    assert pipeline.query("SELECT count(*) FROM market_ohlcv WHERE symbol = 'BTC-USD' AND revision = 1") == [(1,)]
    assert pipeline.query("SELECT count(*) FROM market_ohlcv_history WHERE symbol = 'BTC-USD'") == [(1,)]
    assert pipeline.checksums()["market_ticks"] == before["market_ticks"]


def test_a_drop_folder_takes_each_file_once_and_puts_aside_what_it_cannot_read(pipeline: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    rows = ["2024-08-09T00:00:00Z,100,1", "2024-08-09T00:00:01Z,101,2", "2024-08-09T00:00:02Z,soon,2", "2024-08-09T00:00:03Z,102,2"]
    text = "\n".join(["when,px,size", *rows])
    (folder / "1.csv").write_text(text)
    (folder / "2-again.csv").write_text(text)
    (folder / "3-odd.csv").write_text("a,b\n1,2\n")
    section = {
        "FOLDER": str(folder),
        "MAP": '{"time":"when","price":"px"}',
        "SYMBOL": "ADA-USDT",
        "ROWS_SOURCE": "dropped",
        "LOOK_INTERVAL_S": "0.2",
    }
    env = pipeline.env | {f"TICKERPLANT_PROVIDERS__CSV_DROP__{name}": value for name, value in section.items()}
    process = start_tickerplant("ingest", "csv-drop", env=env, log=tmp_path / "drop.log")
    try:
        eventually(lambda: (folder / "done" / "2-again.csv").exists() and (folder / "refused" / "3-odd.csv").exists(), timeout_s=120)
    finally:
        process.terminate()
    assert process.wait(30) == 0, (tmp_path / "drop.log").read_text()
    assert (folder / "done" / "1.csv").read_text() == text
    assert "neither trades" in (folder / "refused" / "3-odd.csv.why.txt").read_text()
    assert pipeline.query("SELECT price FROM market_ticks WHERE source = 'dropped' ORDER BY seq") == [
        (Decimal(100),),
        (Decimal(101),),
        (Decimal(102),),
    ]
    letters = pipeline.json("dlq", "list", "--stage", "validate")["letters"]
    assert [letter["reason"] for letter in letters if letter["source"] == "dropped"] == ["not_a_number"]
