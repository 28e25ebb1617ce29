"""`tickerplant replay` and `simulate` against a running line: what they count is what is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import CAPTURES, Pipeline, needs_recordings, running, slice_of
from tests.support import run_tickerplant

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]


@pytest.fixture(scope="module")
def pipeline(module_line: Any) -> Iterator[Pipeline]:
    with running(module_line) as started:
        yield started


@needs_recordings
def test_the_report_is_what_was_played_and_what_was_stored(pipeline: Pipeline, tmp_path: Path) -> None:
    """The same part of a capture twice: the second time everything is a duplicate, and the tables stay as they are."""
    capture = slice_of(CAPTURES[0], tmp_path / "capture.txt", 10_000)
    text = capture.read_text()
    trades, quotes = text.count("@trade"), text.count("@bookTicker")
    first = pipeline.replay(capture)
    assert first["drained"]
    assert first["frames"]["by_stream"]["btcusdt@trade"] == trades
    assert (first["stages"]["ingest"]["trades"], first["stages"]["ingest"]["quotes"]) == (trades, quotes)
    assert first["stages"]["ingest"]["books"] == text.count("@depth")
    assert (first["stages"]["validate"]["trades"], first["stages"]["validate"]["quotes"]) == (trades, quotes)
    assert (first["stages"]["validate"]["duplicates"], first["dead_letters"]["total"], first["gaps"]["records"]) == (0, 0, 0)
    assert first["tables"]["market_ticks"] == {"rows": trades + quotes, "new": trades + quotes}
    assert first["tables"]["market_ohlcv"]["new"] == first["stages"]["bars"]["records"] > 0
    assert first["stages"]["indicators"]["records"] == first["stages"]["signals"]["records"] == first["stages"]["bars"]["records"]
    before = pipeline.checksums()
    again = pipeline.replay(capture)
    assert (again["stages"]["validate"]["ticks"], again["stages"]["validate"]["duplicates"]) == (0, trades + quotes)
    assert {name: figures["new"] for name, figures in again["tables"].items()} == dict.fromkeys(again["tables"], 0)
    assert pipeline.checksums() == before


def test_a_simulation_is_labelled_and_counted(pipeline: Pipeline) -> None:
    report = pipeline.json("simulate", "--seed", "5", "--length", "20m", "--symbols", "BTC-USDT,ETH-USDT", "--trades-per-s", "2")
    assert report["source"] == "binance-simulated"
    assert report["stages"]["validate"]["trades"] == 2 * 2 * 1200
    assert report["stages"]["ingest"]["provider_bars"] == 2 * 20
    assert pipeline.query("SELECT DISTINCT source FROM market_ticks WHERE symbol = 'ETH-USDT'") == [("binance-simulated",)]


def test_a_replay_refuses_a_stack_that_has_a_feed(pipeline: Pipeline, tmp_path: Path) -> None:
    run_file = pipeline.data_dir / "run" / "ingest-binance.json"
    content = run_file.read_text() if run_file.exists() else None
    run_file.write_text('{"pid": 1, "health": "http://127.0.0.1:9"}')
    try:
        capture = tmp_path / "c"
        capture.write_text('1 {"stream":"btcusdt@trade","data":{}}\n')
        done = pipeline.run("replay", str(capture), code=2)
        assert "an ingestor runs already" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        run_file.unlink() if content is None else run_file.write_text(content)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["replay", "/no/such/file.gz"], "cannot read the capture"),
        (["simulate", "--length", "soon"], "--length"),
        (["simulate"], "tickerplant up --no-feed --detach"),
        (["ingest", "nyse"], "no provider 'nyse'"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, words: list[str], says: str) -> None:
    done = run_tickerplant(*words, "--data-dir", str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
