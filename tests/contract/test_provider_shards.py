"""A provider whose symbols are spread over processes: what each of them does alone, a streaming provider's and a polled one's. Kafka stands in memory."""

import asyncio
from pathlib import Path

import pytest

from ingestors.process_shard import ProcessShard
from schemas.sources import SourceState
from tests import polled_world, streamed_world
from tests.memory_output import MemoryOutput
from tests.provider_world import ProviderWorld
from tests.support import eventually_async


def shard_of_first(world: ProviderWorld) -> ProcessShard:
    """Another one than the second symbol's."""
    shards = [ProcessShard(4, number, 4) for number in range(1, 5)]
    return next(shard for shard in shards if shard.of_these((world.first,)) and shard != world.shard_of_second)


def is_ready(world: ProviderWorld) -> bool:
    assert world.health.ready() == (True, dict.fromkeys(world.health.ready()[1], ""))
    return True


@pytest.mark.parametrize("name", ["template", "kraken"])
async def test_a_streams_shard_without_symbols_tells_the_time_until_there_are_some(world: streamed_world.World, tmp_path: Path) -> None:
    shard, world.output.asked = world.shard_of_second, (world.first,)
    async with world.ingesting(shard, ingest={"capture": True}, data_dir=tmp_path):
        await eventually_async(lambda: len(world.output.watermarks) >= 3)
        await eventually_async(lambda: is_ready(world))
        assert world.server.connections == 0
        world.output.asked = (world.first, world.second)
        await eventually_async(lambda: world.server.subscribed == {world.second})
        world.server.happen(world.first)
        world.server.happen(world.second)
        await world.has(world.second, 1)
        world.output.asked = (world.first,)
        await eventually_async(lambda: world.server.subscribed == set())
        await eventually_async(lambda: is_ready(world))
        told = len(world.output.watermarks)
        await eventually_async(lambda: len(world.output.watermarks) > told)
    assert world.ticks(world.first) == []
    assert {mark.partition for mark in world.output.watermarks} == set(shard.own)
    times = [mark.ts_event_ns for mark in world.output.watermarks]
    assert times == sorted(times)
    assert [path.name for path in (tmp_path / "capture").iterdir()] == [shard.named(world.dialect.name)]


@pytest.mark.parametrize("name", ["template", "kraken"])
async def test_what_operators_say_of_a_source_reaches_each_of_its_shards(world: streamed_world.World) -> None:
    async with world.ingesting(shard_of_first(world)) as one, world.ingesting(world.shard_of_second):
        await both_carry(world, 1)
        world.output.state = SourceState(one.source, True, 5, 1, restarted_ns=1)
        await eventually_async(lambda: world.server.connections == 4)
        await both_carry(world, 2)
        world.output.state = SourceState(one.source, False, 5, 2, restarted_ns=1)
        await eventually_async(lambda: not world.server.clients)
        world.output.state = SourceState(one.source, True, 5, 3, restarted_ns=1)
        await both_carry(world, 3)
        await eventually_async(lambda: {mark.priority for mark in world.output.watermarks[-4:]} == {5})


async def both_carry(world: streamed_world.World, number: int) -> None:
    """The next trade of each symbol comes, and all before it came once."""
    await world.subscribed()
    for symbol in (world.first, world.second):
        world.server.happen(symbol)
        await world.has(symbol, number)


@pytest.mark.parametrize("name", ["template", "kraken"])
async def test_what_two_shards_captured_plays_back_as_one(world: streamed_world.World, tmp_path: Path) -> None:
    more = {"ingest": {"capture": True}, "data_dir": tmp_path}
    async with world.ingesting(shard_of_first(world), **more), world.ingesting(world.shard_of_second, **more):
        await world.subscribed()
        for number in range(1, 6):
            for symbol in (world.first, world.second):
                world.server.happen(symbol)
                await world.has(symbol, number)
    live = {symbol: world.ticks(symbol) for symbol in (world.first, world.second)}
    assert len(list(tmp_path.glob("capture/*"))) == 2
    world.output = MemoryOutput()
    ingestor = world.ingestor()
    ingestor.play(sorted(tmp_path.glob("capture/*/*.frames.gz")))
    await asyncio.wait_for(ingestor.run(), 20)
    assert {symbol: world.ticks(symbol) for symbol in live} == live
    assert {mark.partition for mark in world.output.watermarks} == {0, 1, 2, 3}
    assert world.output.watermarks[-1].ts_event_ns >= max(tick.ts_event_ns for tick in world.output.ticks)


@pytest.mark.parametrize("name", ["coingecko"])
async def test_a_polled_shard_without_symbols_tells_the_time_until_there_are_some(world: polled_world.World) -> None:
    shard, world.output.asked = world.shard_of_second, (world.first,)
    async with world.ingesting(shard):
        await world.passing(lambda: len(world.output.watermarks) >= 3 and len(world.output.offers) >= 3)
        await eventually_async(lambda: is_ready(world))
        assert {offer.symbols for offer in world.output.offers} == {()}
        calls = len(world.server.calls)
        world.clock.advance_s(600)
        await world.passing(lambda: len(world.output.offers) >= 6)
        assert len(world.server.calls) == calls
        world.output.asked = (world.first, world.second)
        await world.has(world.second, 5)
        await world.passing(lambda: world.output.offers[-1].symbols == (world.second,))
        await eventually_async(lambda: is_ready(world))
    assert world.bars(world.first) == []
    assert {mark.partition for mark in world.output.watermarks} | {offer.partition for offer in world.output.offers} == set(shard.own)
