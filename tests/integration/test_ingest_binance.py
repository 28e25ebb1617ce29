"""The Binance ingestor against a server that speaks the exchange's own protocol, and a real Kafka: what comes in arrives, and what is wrong with it is said."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ingestors.binance.config import STAGE
from ingestors.binance.ingestor import build
from ingestors.exchange_server.capture import Capture
from ingestors.exchange_server.pace import TimelinePace
from ingestors.publisher import EventPublisher
from runtime import metrics
from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.health import Health
from schemas import headers as names
from schemas.partitioner import partition_of
from schemas.reasons import Reason
from schemas.topics import Topic
from tests.binance_ingest import ingest_all, ingesting, settings_of
from tests.feeds import START_NS, capture_of, exchange_of, quote_frame, read_topic, trade_frame, written_later
from tests.pipeline import CAPTURES, needs_recordings, slice_of
from tests.support import eventually_async

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]


@needs_recordings
async def test_recorded_frames_arrive_whole_and_in_order(line: Any, tmp_path: Path) -> None:
    path = slice_of(CAPTURES[0], tmp_path / "capture.txt", 20_000)
    capture = Capture([path])
    await ingest_all(line, capture)
    found = await written_later(line.settings, line.addresses.kafka)
    streams = capture.contents.streams
    assert len(found.trades) == streams["btcusdt@trade"]
    assert len(found.quotes) == streams["btcusdt@bookTicker"]
    assert len(found.books) == streams["btcusdt@depth@100ms"]
    ids = [int(trade.trade_id) for trade in found.trades]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert [tick.ts_ingest_ns for tick in found.ticks] == sorted(tick.ts_ingest_ns for tick in found.ticks)
    assert found.gaps == []
    assert found.letters == []
    assert all(envelope.trade_ids_contiguous for envelope in found.envelopes)


async def test_a_broker_that_does_not_keep_up_costs_quotes_never_trades(line: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [trade_frame(i // 100) if i % 100 == 0 else quote_frame(i) for i in range(1, 20_001)]
    before = metrics.DROPPED.labels(STAGE, Reason.CONFLATED)._value.get()
    async with exchange_of(capture_of(tmp_path / "c", frames, 1_000)) as (server, binance):
        settings = settings_of(line, binance, ingest={"queue_frames": 1_000})
        monkeypatch.setattr(EventPublisher, "congested", lambda _: server.frames.total() < len(frames))
        async with ingesting(settings, line.addresses.kafka):
            await asyncio.wait_for(server.ended.wait(), 60)
    found = await written_later(settings, line.addresses.kafka)
    assert [trade.trade_id for trade in found.trades] == list(range(1, 201))
    conflated = metrics.DROPPED.labels(STAGE, Reason.CONFLATED)._value.get() - before
    assert conflated > 1_000
    assert len(found.quotes) + conflated == 19_800
    assert found.quotes[-1].update_id == 19_999


async def test_every_record_says_what_it_is(line: Any, tmp_path: Path) -> None:
    before_ns = SystemClock().now_ns()
    await ingest_all(line, capture_of(tmp_path / "c", [trade_frame(1), quote_frame(7)]))
    found = await written_later(line.settings, line.addresses.kafka)
    kinds = [headers[names.TYPE] for headers in found.headers]
    assert set(kinds) == {b"ticks", b"watermark"}
    assert all(before_ns <= int(headers[names.RECEIVED]) <= SystemClock().now_ns() for headers in found.headers)
    assert len({headers[names.TRACE] for headers in found.headers}) == len(found.headers)
    assert {headers.get(names.SYMBOLS) for headers, kind in zip(found.headers, kinds, strict=True) if kind == b"ticks"} == {b"BTC-USDT"}
    messages = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, Topic.TICKS_RAW)
    wanted = partition_of("BTC-USDT", line.settings.kafka.partitions)
    assert {message.partition() for message in messages if dict(message.headers())[names.TYPE] == b"ticks"} == {wanted}


async def test_a_last_watermark_reaches_every_partition(line: Any, tmp_path: Path) -> None:
    await ingest_all(line, capture_of(tmp_path / "c", [trade_frame(1), trade_frame(2, START_NS + 5_000_000_000)], 5_000_000_000))
    found = await written_later(line.settings, line.addresses.kafka)
    last = {watermark.partition: watermark for watermark in found.watermarks}
    assert set(last) == set(range(line.settings.kafka.partitions))
    assert {watermark.ts_event_ns for watermark in last.values()} == {START_NS + 5_000_000_000}


async def test_garbage_becomes_dead_letters_and_the_feed_goes_on(line: Any, tmp_path: Path) -> None:
    frames = [
        trade_frame(1),
        '{"stream":"btcusdt@trade","data":{"e":"trade","E":17231',
        '{"stream":"btcusdt@trade","data":{"e":"somethingNew","E":1723161911000,"s":"BTCUSDT"}}',
        '{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","p":"1","q":"1","T":1723161911000,"m":true}}',
        '{"stream":"btcusdt@trade","data":{"pad":"' + "x" * 1_000_000 + '"}}',
        trade_frame(2, price="-1.00000000"),
        trade_frame(3),
    ]
    await ingest_all(line, capture_of(tmp_path / "c", frames))
    found = await written_later(line.settings, line.addresses.kafka)
    assert [letter.reason for letter in found.letters] == ["broken_json", "unknown_message", "missing_field", "frame_too_large"]
    assert found.letters[0].payload == frames[1].encode()
    assert found.letters[3].size > 1_000_000
    assert "binance.max_frame_bytes is 262144" in found.letters[3].error
    assert [trade.trade_id for trade in found.trades] == [1, 2, 3]  # the negative price is validate's to refuse
    assert found.trades[1].price == "-1.00000000"


async def test_injected_bytes_that_are_no_text_are_a_dead_letter(line: Any, tmp_path: Path) -> None:
    async with exchange_of(capture_of(tmp_path / "c", [trade_frame(i) for i in range(1, 2_000)]), TimelinePace(1, SystemClock())) as (
        server,
        binance,
    ):
        settings = settings_of(line, binance)
        async with ingesting(settings, line.addresses.kafka):
            await eventually_async(lambda: server.frames.total() > 10)
            server.inject(b"\xff\xfe\x00")
            await asyncio.wait_for(server.ended.wait(), 60)
    found = await written_later(settings, line.addresses.kafka)
    assert [(letter.reason, letter.payload) for letter in found.letters] == [("broken_json", b"\xff\xfe\x00")]
    assert [trade.trade_id for trade in found.trades] == list(range(1, 2_000))


async def test_an_unknown_symbol_is_the_users_mistake(line: Any, tmp_path: Path) -> None:
    async with exchange_of(capture_of(tmp_path / "c", [trade_frame(1)])) as (_, binance):
        settings = settings_of(line, {**binance, "symbols": ["BTC-USDT", "NO-SUCH"]})
        ingestor = build(settings, line.addresses.kafka, SystemClock(), Health("ingest-binance", SystemClock()))
        with pytest.raises(UserError, match="NO-SUCH"):
            await ingestor.run()


async def test_readiness_says_what_is_missing(line: Any, tmp_path: Path) -> None:
    async with exchange_of(capture_of(tmp_path / "c", [trade_frame(i) for i in range(1, 5_000)]), TimelinePace(1, SystemClock())) as (
        server,
        binance,
    ):
        settings = settings_of(line, binance)
        health = Health("ingest-binance", SystemClock())
        ingestor = build(settings, line.addresses.kafka, SystemClock(), health)
        assert health.ready() == (False, {"connection": "not connected", "data": "no data yet", "subscriptions": "", "kafka": "no answer"})
        running = asyncio.ensure_future(ingestor.run())
        await eventually_async(lambda: health.ready()[0])
        server.stall()
        ingestor.stop()
        await asyncio.wait_for(running, 60)
        assert health.ready()[1]["connection"] == "not connected"
