"""A REST interface that is away for a while costs no trade: holes stay open, also over a restart, and are filled when it is back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from ingestors.binance.ingestor import build
from ingestors.exchange_server.capture import Capture
from ingestors.gap_fill import Hole
from ingestors.resume import read_published
from ingestors.stream import StreamIngestor
from runtime.clock import SystemClock
from runtime.errors import FatalError, TransientError
from runtime.health import Health
from runtime.kafka import Publisher
from schemas.codec import encode
from schemas.partitioner import partition_of
from schemas.topics import Topic
from tests.feeds import capture_of, exchange_of, trade_frame, written_later
from tests.support import eventually_async

pytestmark = pytest.mark.stack

LOST = (b'"t":3,', b'"t":6,')


class Lossy(Capture):
    """The exchange knows all trades; the socket never has 3 and 6."""

    def frames(self) -> Any:
        for frame in super().frames():
            yield replace(frame, stream="ethusdt@trade") if any(lost in frame.payload for lost in LOST) else frame


def lossy(path: Path) -> Lossy:
    capture_of(path, [trade_frame(i) for i in range(1, 9)])
    return Lossy([path])


def ingestor_of(line: Any, binance: dict[str, Any]) -> StreamIngestor:
    sections = {"binance": line.settings.binance.model_copy(update={**binance, "symbols": ("BTC-USDT",), "streams": ("trade",)})}
    return build(line.settings.model_copy(update=sections), line.addresses.kafka, SystemClock(), Health("ingest-binance", SystemClock()))


async def refused(line: Any, path: Path, until_filled: bool) -> None:
    """Plays the capture while REST answers 503; with until_filled REST comes back."""
    async with exchange_of(lossy(path)) as (server, binance):
        ingestor = ingestor_of(line, binance)
        server.stall()
        running = asyncio.ensure_future(ingestor.run())
        await eventually_async(lambda: server.clients == 1)
        server.refuse(503, 10_000)
        server.resume()
        await asyncio.wait_for(server.ended.wait(), 60)
        await eventually_async(lambda: ingestor.feed is not None and ingestor.feed._recovery.pending())
        if until_filled:
            server.refusals.clear()
            await eventually_async(lambda: ingestor.feed is not None and not ingestor.feed._recovery.pending(), 60)
        ingestor.stop()
        await asyncio.wait_for(running, 60)


def states(found: Any) -> list[tuple[int, int, str]]:
    return [(gap.from_id, gap.to_id, gap.state) for gap in found.gaps if gap.channel == "trade"]


async def test_holes_stay_open_while_rest_is_away_and_are_filled_when_it_is_back(line: Any, tmp_path: Path) -> None:
    await refused(line, tmp_path / "c", until_filled=True)
    found = await written_later(line.settings, line.addresses.kafka)
    assert states(found) == [(2, 4, "open"), (5, 7, "open"), (2, 4, "filled"), (5, 7, "filled")]
    assert sorted(trade.trade_id for trade in found.trades) == list(range(1, 9))
    assert [trade.trade_id for trade in found.trades if trade.filled] == [3, 6]


async def test_open_holes_are_found_again_after_a_restart(line: Any, tmp_path: Path) -> None:
    await refused(line, tmp_path / "a", until_filled=False)
    found = await written_later(line.settings, line.addresses.kafka)
    assert states(found) == [(2, 4, "open"), (5, 7, "open")]
    async with exchange_of(lossy(tmp_path / "b")) as (server, binance):
        server.stall()
        server._material.played(list(server._material.frames()))  # REST knows all of it, the socket gives nothing
        ingestor = ingestor_of(line, binance)
        running = asyncio.ensure_future(ingestor.run())
        await eventually_async(lambda: ingestor.feed is not None)
        await eventually_async(lambda: ingestor.feed is not None and not ingestor.feed._recovery.pending(), 60)
        ingestor.stop()
        await asyncio.wait_for(running, 60)
    found = await written_later(line.settings, line.addresses.kafka)
    assert states(found)[2:] == [(2, 4, "filled"), (5, 7, "filled")]
    assert sorted(trade.trade_id for trade in found.trades) == list(range(1, 9))


def test_the_furthest_state_of_a_gap_holds(line: Any) -> None:
    kafka = line.settings.kafka
    publisher = Publisher(kafka, line.addresses.kafka)
    told = [(10, "open"), (20, "unfillable"), (20, "open"), (30, "open"), (30, "filled"), (40, "partial"), (50, "open")]
    for from_id, state in told:
        gap = Hole("BTC-USDT", "trade", "reconnect", from_id, from_id + 5, 0, 0).gap("binance", state, 0, 0)  # type: ignore[arg-type]
        publisher.send(Topic.GAPS, partition_of("BTC-USDT", kafka.partitions), encode(gap), b"BTC-USDT")
    publisher.flush()
    read = retry(retry=retry_if_exception_type(TransientError), stop=stop_after_delay(30), wait=wait_fixed(0.1))(read_published)
    published = read(kafka, line.addresses.kafka, "binance", ["BTC-USDT"])  # again while a new topic has no leader yet
    assert [hole.from_id for hole in published.open_holes] == [10, 40, 50]


async def test_the_end_of_the_connector_is_the_end_of_the_process(line: Any, tmp_path: Path) -> None:
    async with exchange_of(capture_of(tmp_path / "c", [trade_frame(1)])) as (server, binance):
        ingestor = ingestor_of(line, binance)
        server.stall()
        running = asyncio.ensure_future(ingestor.run())
        await eventually_async(lambda: server.clients == 1)
        next(iter(ingestor.lanes)).connector.stop()
        with pytest.raises(FatalError, match="connector"):
            await asyncio.wait_for(running, 60)
