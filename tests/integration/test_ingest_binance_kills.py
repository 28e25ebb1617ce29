"""The Binance ingestor is killed, or ends, in the middle of its feed: the next one fills the hole and tells what is lost."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from ingestors.exchange_server.capture import Capture
from ingestors.exchange_server.pace import TimelinePace
from ingestors.exchange_server.server import ExchangeServer
from runtime.clock import SystemClock
from tests.binance_ingest import ingesting, settings_of
from tests.feeds import START_NS, capture_of, exchange_of, quote_frame, trade_frame, written_later
from tests.pipeline import CAPTURES, needs_recordings, slice_of
from tests.support import eventually_async, start_tickerplant

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]


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
