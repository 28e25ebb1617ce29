"""Captures: what is in them, what the exchange knows once they are played."""

import gzip
import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest

from ingestors.exchange_server.capture import Capture, scan, stamped
from ingestors.exchange_server.material import Frame, listed, listed_canonical
from ingestors.exchange_server.played_trades import PlayedTrades
from runtime.errors import UserError
from tests.feeds import START_NS, capture_of, quote_frame, trade_frame
from tests.pipeline import CAPTURES, needs_recordings


@needs_recordings
def test_the_recorded_files() -> None:
    contents = scan(CAPTURES)
    assert contents.streams == {"btcusdt@trade": 19_904, "btcusdt@bookTicker": 73_174, "btcusdt@depth@100ms": 6_495}
    assert contents.venue_symbols() == ["BTCUSDT"]


@needs_recordings
def test_the_played_book_agrees_with_the_book_ticker() -> None:
    """The book is snapshot and differences; the ticker's prices were not used but for the newest."""
    capture = Capture(CAPTURES[:1])
    frames = [frame for frame in capture.frames() if frame.stream]
    capture.played(frames)
    book, last = capture.depth("BTCUSDT"), [f for f in frames if f.stream.endswith("bookTicker")][-1]
    ticker = json.loads(last.payload)["data"]
    assert book["lastUpdateId"] == max(ticker["u"], json.loads([f for f in frames if "depth" in f.stream][-1].payload)["data"]["u"])
    assert (book["bids"][0], book["asks"][0]) == ((ticker["b"], ticker["B"]), (ticker["a"], ticker["A"]))
    assert len(book["bids"]) > 500


def test_frames_get_their_capture_time_and_nothing_else(tmp_path: Path) -> None:
    [frame] = capture_of(tmp_path / "c", [trade_frame(7)]).frames()
    document = json.loads(frame.payload)
    assert document.pop("ts_capture_ns") == START_NS
    assert document == json.loads(trade_frame(7))


def test_a_broken_frame_stays_as_it_is() -> None:
    assert stamped(b'{"stream":"a@trade","data":{"e":', 5) == b'{"stream":"a@trade","data":{"e":'


def test_trades_are_known_only_once_they_are_played(tmp_path: Path) -> None:
    capture = capture_of(
        tmp_path / "c", [trade_frame(1), quote_frame(9), trade_frame(2), '{"stream":"btcusdt@trade","data":{"s":', trade_frame(4)]
    )
    frames = list(capture.frames())
    assert capture.trades("BTCUSDT", 1, 10) == []
    capture.played(frames[:3])
    assert [row.trade_id for row in capture.trades("BTCUSDT", 1, 10)] == [1, 2]
    capture.played(frames[3:])
    assert [row.trade_id for row in capture.trades("BTCUSDT", 2, 10)] == [2, 4]
    assert [row.trade_id for row in capture.trades("BTCUSDT", None, 1)] == [4]
    assert capture.newest_trade_ids() == {"BTCUSDT": 4}


def test_gzip_and_plain_are_the_same(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.txt", tmp_path / "a.gz"
    capture_of(plain, [trade_frame(1), quote_frame(2)])
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(Capture([plain]).frames()) == list(Capture([packed]).frames())


@pytest.mark.parametrize(("text", "says"), [("hello\n", "not a capture"), ("", "no frames")])
def test_what_is_no_capture(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "c"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        scan([path])


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read the capture"):
        scan([tmp_path / "none.gz"])


def test_symbol_names() -> None:
    assert listed("btcusdt") == ("BTCUSDT", "BTC", "USDT")
    assert listed("BTCFDUSD") == ("BTCFDUSD", "BTC", "FDUSD")
    assert listed("ethbtc") == ("ETHBTC", "ETH", "BTC")
    assert listed_canonical("SOL-USDT") == ("SOLUSDT", "SOL", "USDT")


def _play(played: PlayedTrades, venue: str, numbers: Iterable[int]) -> None:
    stream = f"{venue.lower()}@trade"
    for number in numbers:
        data = f'{{"s":"{venue}","t":{number},"p":"{number}.50","q":"1","T":{10 * number},"m":true}}'
        played.add(Frame(number, stream, f'{{"stream":"{stream}","data":{data}}}'.encode()))


def test_a_long_past_is_told_whole() -> None:
    played = PlayedTrades()
    for first in range(1, 10_001, 100):
        _play(played, "BTCUSDT", range(first, first + 100))
        _play(played, "ETHUSDT", range(first + 70_000, first + 70_010))
        played.add(Frame(first, "btcusdt@trade", b"garbage"))
    assert played.newest_ids() == {"BTCUSDT": 10_000, "ETHUSDT": 79_910}
    assert [row.trade_id for row in played.after("BTCUSDT", 1, 20_000)] == list(range(1, 10_001))
    assert [row.trade_id for row in played.after("BTCUSDT", 4_711, 3)] == [4_711, 4_712, 4_713]
    assert [row.trade_id for row in played.after("ETHUSDT", 70_011, 2)] == [70_101, 70_102]  # those between were not played
    assert played.after("BTCUSDT", 10_001, 1_000) == []
    assert [row.price for row in played.newest("BTCUSDT", 2)] == ["9999.50", "10000.50"]
    assert [played.first_at("BTCUSDT", ms) for ms in (0, 47_101, 100_000, 100_001)] == [1, 4_711, 10_000, None]


def test_a_trade_is_known_by_its_own_symbol_whatever_stream_it_was_played_on() -> None:
    played = PlayedTrades()
    for number in range(1, 9):
        played.add(Frame(number, "ethusdt@trade" if number in (3, 6) else "btcusdt@trade", trade_frame(number).encode()))
    assert [row.trade_id for row in played.after("BTCUSDT", 2, 10)] == list(range(2, 9))
    assert played.newest_ids() == {"BTCUSDT": 8}


def test_the_memory_that_played_trades_take_does_not_grow_with_them() -> None:
    played = PlayedTrades()
    tracemalloc.start()
    try:
        _play(played, "BTCUSDT", range(30_000))
        before, _ = tracemalloc.get_traced_memory()
        _play(played, "BTCUSDT", range(30_000, 90_000))
        assert [row.trade_id for row in played.after("BTCUSDT", 80_000, 1_000)] == list(range(80_000, 81_000))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 60_000 * 5  # bytes; a frame has 113
