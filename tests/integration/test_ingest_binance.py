"""The Binance ingestor against a server that speaks the exchange's own protocol, and a real Kafka."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ingestors.binance.config import STAGE
from ingestors.binance.ingestor import build
from ingestors.exchange_server.capture import Capture
from ingestors.exchange_server.pace import TimelinePace
from ingestors.exchange_server.server import ExchangeServer
from ingestors.publisher import EventPublisher
from ingestors.stream import StreamIngestor
from runtime import metrics
from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.health import Health
from runtime.settings import Settings, load_settings
from schemas import headers as names
from schemas.partitioner import partition_of
from schemas.reasons import Reason
from schemas.topics import Topic
from tests.feeds import START_NS, capture_of, exchange_of, quote_frame, read_topic, trade_frame, written_later
from tests.pipeline import CAPTURES, needs_recordings, slice_of
from tests.support import eventually_async, start_tickerplant

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]

BINANCE = {"symbols": ["BTC-USDT"], "streams": ["trade", "bookTicker", "depth@100ms"]}


def settings_of(line: Any, binance: dict[str, Any], **sections: Any) -> Settings:
    """The line's settings with an ingestor's."""
    dumped = {name: getattr(line.settings, name) for name in ("data_dir", "kafka", "postgres", "redis")}
    return load_settings(**dumped, binance={**BINANCE, **binance}, **sections)


@asynccontextmanager
async def ingesting(settings: Settings, bootstrap: str) -> AsyncIterator[StreamIngestor]:
    """An ingestor in this event loop; leaving the block stops it in order."""
    ingestor = build(settings, bootstrap, SystemClock(), Health("ingest-binance", SystemClock()))
    running = asyncio.ensure_future(ingestor.run())
    try:
        yield ingestor
    finally:
        ingestor.stop()
        await asyncio.wait_for(running, 60)


async def ingest_all(line: Any, material: Any, **sections: Any) -> Settings:
    """Everything of the material through one ingestor."""
    async with exchange_of(material) as (server, binance):
        settings = settings_of(line, binance, **sections)
        async with ingesting(settings, line.addresses.kafka):
            await asyncio.wait_for(server.ended.wait(), 60)
    return settings


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


async def test_a_hole_inside_a_connection_is_filled_before_the_next_trade(line: Any, tmp_path: Path) -> None:
    class Lossy(Capture):
        """Plays everything, but what is written lacks the trades 3 to 6: the exchange knows them, the socket never had them."""

        def frames(self) -> Any:
            return (
                replace(frame, stream="ethusdt@trade") if b'"t":3,' in frame.payload or b'"t":6,' in frame.payload else frame
                for frame in super().frames()
            )

    path = tmp_path / "c"
    capture_of(path, [trade_frame(i) for i in range(1, 9)])
    await ingest_all(line, Lossy([path]))
    found = await written_later(line.settings, line.addresses.kafka)
    assert [trade.trade_id for trade in found.trades] == list(range(1, 9))
    assert [trade.trade_id for trade in found.trades if trade.filled] == [3, 6]
    assert [(gap.channel, gap.state, gap.cause, gap.from_id, gap.to_id, gap.size, gap.filled) for gap in found.gaps] == [
        ("trade", "filled", "sequence", 2, 4, 1, 1),
        ("trade", "filled", "sequence", 5, 7, 1, 1),
    ]


async def test_a_cut_connection_heals_and_its_hole_is_filled(line: Any, tmp_path: Path) -> None:
    frames = [frame for i in range(1, 3_001) for frame in (trade_frame(i, START_NS + i * 2_000_000), quote_frame(1_000 + 2 * i))]
    async with exchange_of(capture_of(tmp_path / "c", frames), TimelinePace(1, SystemClock())) as (server, binance):
        settings = settings_of(line, binance)
        async with ingesting(settings, line.addresses.kafka):
            for played in (500, 1_500, 3_000):
                await eventually_async(lambda wanted=played: server.frames.total() > wanted)
                server.cut()
            await asyncio.wait_for(server.ended.wait(), 60)
    found = await written_later(settings, line.addresses.kafka)
    assert [int(trade.trade_id) for trade in found.trades] == list(range(1, 3_001))
    lost = {1_000 + 2 * i for i in range(1, 3_001)} - {quote.update_id for quote in found.quotes}
    gaps = [gap for gap in found.gaps if gap.channel == "quote"]
    assert lost == {u for gap in gaps for u in range(gap.from_id + 1, gap.to_id) if u % 2 == 0}
    assert len(gaps) == 3
    assert {(gap.state, gap.cause) for gap in gaps} == {("unfillable", "reconnect")}
    assert all(gap.size == gap.to_id - gap.from_id - 1 for gap in gaps)
    assert {gap.state for gap in found.gaps if gap.channel == "trade"} <= {"filled"}


async def test_a_hole_above_the_limit_is_told_and_not_fetched(line: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    await ingest_all(line, capture_of(first, [trade_frame(1)]))
    await ingest_all(line, capture_of(second, [trade_frame(500)]), ingest={"gap_fill_max_trades": 100})
    found = await written_later(line.settings, line.addresses.kafka)
    assert [trade.trade_id for trade in found.trades] == [1, 500]
    assert [(gap.state, gap.cause, gap.size) for gap in found.gaps] == [("unfillable", "restart", 498)]


async def test_playing_again_is_no_hole(line: Any, tmp_path: Path) -> None:
    frames = [frame for i in range(1, 50) for frame in (trade_frame(i), quote_frame(i))]
    for name in ("a", "b"):
        await ingest_all(line, capture_of(tmp_path / name, frames))
    found = await written_later(line.settings, line.addresses.kafka)
    assert [trade.trade_id for trade in found.trades] == [*range(1, 50), *range(1, 50)]
    assert found.gaps == []


async def test_an_unknown_symbol_is_the_users_mistake(line: Any, tmp_path: Path) -> None:
    async with exchange_of(capture_of(tmp_path / "c", [trade_frame(1)])) as (_, binance):
        settings = settings_of(line, {**binance, "symbols": ["BTC-USDT", "NO-SUCH"]})
        ingestor = build(settings, line.addresses.kafka, SystemClock(), Health("ingest-binance", SystemClock()))
        with pytest.raises(UserError, match="NO-SUCH"):
            await ingestor.run()


async def test_a_stalled_connection_is_taken_for_dead(line: Any, tmp_path: Path) -> None:
    frames = [trade_frame(i) for i in range(1, 3_001)]
    async with exchange_of(capture_of(tmp_path / "c", frames), TimelinePace(1, SystemClock())) as (server, binance):
        settings = settings_of(line, binance, ingest={"silence_timeout_s": 0.5})
        async with ingesting(settings, line.addresses.kafka) as ingestor:
            await eventually_async(lambda: server.frames.total() > 100)
            server.stall()
            connector = next(iter(ingestor.lanes)).connector
            connection = connector._link
            await eventually_async(lambda: connector._link not in (None, connection))
            server.resume()
            await asyncio.wait_for(server.ended.wait(), 60)
    found = await written_later(settings, line.addresses.kafka)
    assert [int(trade.trade_id) for trade in found.trades] == list(range(1, 3_001))


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


@pytest.mark.chaos
@needs_recordings
@pytest.mark.parametrize("points", ["frame_parsed:1500,envelope_sent:30", "envelope_delivered:20,frame_parsed:1000"])
async def test_killed_ingestor_fills_its_hole_and_tells_the_lost_quotes(line: Any, tmp_path: Path, points: str) -> None:
    capture = Capture([slice_of(CAPTURES[0], tmp_path / "capture.txt", 9_000)])
    async with exchange_of(capture, TimelinePace(20, SystemClock())) as (server, binance):
        env = line.env(
            TICKERPLANT_FAULTS__KILL_AT=",".join(f"ingest-binance:{point}" for point in points.split(",")),
            TICKERPLANT_BINANCE__SYMBOLS='["BTC-USDT"]',
            **{f"TICKERPLANT_BINANCE__{name.upper()}": value for name, value in binance.items()},
        )
        await _killed_and_restarted(server, env, tmp_path / "ingest.log", kills=2)
    for point in points.split(","):
        assert (line.settings.data_dir / "run" / f"killed.ingest-binance.{point.partition(':')[0]}").exists()
    _nothing_is_unaccounted_for(capture, await written_later(line.settings, line.addresses.kafka), kills=2)


@pytest.mark.chaos
async def test_killed_at_the_very_end(line: Any, tmp_path: Path) -> None:
    """No later trade or quote will ever show the hole: it is asked for."""
    frames = [frame for i in range(1, 301) for frame in (trade_frame(i, START_NS + i * 2_000_000), quote_frame(1_000 + 2 * i))]
    async with exchange_of(capture_of(tmp_path / "c", frames), TimelinePace(1, SystemClock())) as (server, binance):
        settings = settings_of(line, binance)
        async with ingesting(settings, line.addresses.kafka):
            await eventually_async(lambda: server.frames.total() > 200)
        await eventually_async(lambda: server.frames.total() == len(frames))
        assert server.clients == 0
        async with ingesting(settings, line.addresses.kafka):
            await asyncio.wait_for(server.ended.wait(), 60)
    found = await written_later(settings, line.addresses.kafka)
    assert [int(trade.trade_id) for trade in found.trades] == list(range(1, 301))
    newest = max(quote.update_id for quote in found.quotes)
    assert [(gap.from_id, gap.to_id, gap.state) for gap in found.gaps if gap.channel == "quote"] == [(newest, 1_601, "unfillable")]


def _nothing_is_unaccounted_for(capture: Capture, found: Any, kills: int) -> None:
    numbers = [int(trade.trade_id) for trade in found.trades]
    assert sorted(set(numbers)) == list(range(numbers[0], numbers[0] + capture.contents.streams["btcusdt@trade"]))
    stored = {quote.update_id for quote in found.quotes}
    gaps = [gap for gap in found.gaps if gap.channel == "quote"]
    assert len(gaps) == kills
    for frame in capture.frames():
        if frame.stream == "btcusdt@bookTicker":
            update_id = json.loads(frame.payload)["data"]["u"]
            around = [gap for gap in gaps if gap.from_id < update_id < gap.to_id]
            assert len(around) == (0 if update_id in stored else 1)


async def _killed_and_restarted(server: ExchangeServer, env: dict[str, str], log: Path, kills: int) -> None:
    """An ingestor process that is killed and started again; ends when everything was played, and in order. What plays meanwhile is lost, at most 500 frames."""
    process = start_tickerplant("ingest", "binance", env=env, log=log)
    try:
        for _ in range(kills):
            await eventually_async(lambda running=process: running.poll() is not None, 60)
            assert process.returncode == -signal.SIGKILL, log.read_text()[-3000:]
            at = server.frames.total()
            await eventually_async(lambda at=at: server.frames.total() > at + 500)
            server.stall()
            process = start_tickerplant("ingest", "binance", env=env, log=log)
            await eventually_async(lambda: server.clients == 1, 60)
            server.resume()
        await asyncio.wait_for(server.ended.wait(), 60)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        process.kill()
        process.wait()
