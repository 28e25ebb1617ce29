"""The Binance ingestor's holes, inside a connection, after a cut one or a restart: filled from the exchange's past, or told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ingestors.exchange_server.capture import Capture
from ingestors.exchange_server.pace import TimelinePace
from runtime.clock import SystemClock
from tests.binance_ingest import ingest_all, ingesting, settings_of
from tests.feeds import START_NS, capture_of, exchange_of, quote_frame, trade_frame, written_later
from tests.support import eventually_async

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]


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
