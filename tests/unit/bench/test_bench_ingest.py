"""The prepared feed of the ingestor's benchmark, the server that writes it, how its topic is read, and its table."""

from array import array
from collections import Counter, defaultdict
from dataclasses import replace

import httpx
import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader
from websockets.sync.client import connect

from bench import frame_source
from bench.figures import spread
from bench.frame_feed import FrameFeed
from bench.frame_source import FrameSource
from bench.ingest import Ingest, Paced, full_pace
from bench.ingest_reader import Stretch, stretch
from bench.ingest_text import ingest_text
from bench.usage import Usage
from ingestors.binance.parse import Parser
from schemas.partitioner import partition_of
from schemas.ticks import Quote, TickEnvelope, Trade

NOW_MS = 1_723_161_255_342


def _messages(block: bytes) -> list[bytes]:
    """Cut by the library."""
    reader, found = StreamReader(), []
    reader.feed_data(block)
    while reader.buffer:
        parsing = Frame.parse(reader.read_exact, mask=False)
        with pytest.raises(StopIteration) as done:
            next(parsing)
        found.append(bytes(done.value.value.data))
    return found


def _parser(names: list[str]) -> Parser:
    return Parser({frame_source.venue_name(name): name for name in names}, "binance")


def test_frames_are_the_venues_with_a_trade_to_four_quotes() -> None:
    """Trades numbered without holes, quotes with rising numbers, the time asked for."""
    names = frame_source.symbols(10, 4)
    source, parser = FrameSource(names), _parser(names)
    trades: defaultdict[str, list[int | str]] = defaultdict(list)
    quotes: defaultdict[str, list[int]] = defaultdict(list)
    for _ in range(60):
        expected = source.messages
        events = [parser.parse(frame, 7) for frame in _messages(source.block(NOW_MS))]
        assert len(events) == expected
        for event in events:
            if isinstance(event, Trade):
                assert event.ts_event_ns == NOW_MS * 1_000_000
                trades[event.symbol].append(event.trade_id)
            elif isinstance(event, Quote):
                quotes[event.symbol].append(event.update_id)
    assert set(trades) == set(quotes) == set(names)
    for symbol, numbers in trades.items():
        assert numbers == list(range(int(numbers[0]), int(numbers[0]) + 20))
        assert quotes[symbol] == sorted(set(quotes[symbol]))
        assert len(quotes[symbol]) == 4 * len(numbers)


def test_a_block_has_symbols_of_every_partition() -> None:
    names = frame_source.symbols(100, 4)
    assert len(set(names)) == 100
    assert {partition_of(name, 4) for name in names[:4]} == {0, 1, 2, 3}


def test_the_server_writes_what_it_is_told_and_lists_its_symbols() -> None:
    names = frame_source.symbols(8, 4)
    with FrameFeed(names) as feed:
        table = httpx.get(f"http://127.0.0.1:{feed.port}/api/v3/exchangeInfo", timeout=60, trust_env=False).json()
        assert [f"{row['baseAsset']}-{row['quoteAsset']}" for row in table["symbols"]] == names
        with connect(f"ws://127.0.0.1:{feed.port}/stream", max_queue=None, proxy=None) as client:
            feed.await_reader()
            written = feed.play(1_000)[0] + feed.pace(100_000, 0.01)[0]
            events = [_parser(names).parse(client.recv(timeout=60, decode=False), 7) for _ in range(written)]
    assert written >= 1_020
    assert Counter(type(event) for event in events) == {Quote: written * 4 // 5, Trade: written // 5}


def test_a_stretch_is_from_the_first_to_the_last_stamp() -> None:
    records = [(stamp_ms, _envelope(number)) for stamp_ms, number in ((5_000, 40), (4_000, 10), (6_000, 50), (9_000, 1))]
    found = stretch(records, 100)
    assert (found.ticks, found.records, found.first_ms, found.last_ms) == (100, 3, 4_000, 6_000)
    assert found.ticks_per_s == 50
    assert Counter(found.delays_ns) == {1_001_000_000: 40, 1_000_000: 10, 2_001_000_000: 50}  # received at 4 s; the stamp's ms counts whole
    with pytest.raises(RuntimeError, match="101 of 102"):
        stretch(records, 102)


def _envelope(ticks: int) -> TickEnvelope:
    trade = Trade("I0-USD", "1", "1", 0, 4_000_000_000, 1)
    return TickEnvelope("binance", 0, [trade] * ticks)


def test_core_time_tells_what_two_cores_carry() -> None:
    """The ingestor has one of them at most; a costly broker takes from it; the venue's side does not count."""
    usage = {"ingest-binance": Usage(5.0), "venue": Usage(50.0), "kafka": Usage(3.0)}
    found = Stretch(1_000_000, 2_000, 0, 9_000, array("q"))
    assert full_pace(found, 8.0, usage).core_messages_per_s == 200_000
    assert full_pace(found, 8.0, usage | {"kafka": Usage(11.0)}).core_messages_per_s == 125_000


def test_text_tells_the_venues_cost_from_ours() -> None:
    usage = {"ingest-binance": Usage(8.0, 1, 90_000_000), "venue": Usage(1.0), "kafka": Usage(3.0)}
    full = full_pace(Stretch(1_000_000, 2_000, 0, 9_000, array("q")), 8.0, usage)
    one = spread([6_000_000])
    paced = Paced(20_000, 19_990, 5.0, spread([1_000_000]), one, one, full.processes)
    lines = ingest_text(Ingest(full, True, True, paced, replace(paced, messages_per_record=2.0), False)).splitlines()
    assert (
        "1,000,000 messages at 111,111 a second (target 100,000: reached; by core time two cores carry 125,000: reached), 500 a record"
        in lines[0]
    )
    assert lines[3].split() == ["ingestor", "8.0", "125,000", "8.0", "90.0"]
    assert lines[5].startswith("the venue's side, not ours")
    usual, at_once = [line for line in lines if line.startswith("Delay")]
    assert "5 a record, as the settings are" in usual
    assert "2 a record, without a wait" in at_once
    assert "missed" in at_once
    assert "target 100,000: missed" in ingest_text(Ingest(replace(full, messages_per_s=90_000), False, True, paced, paced, True))
