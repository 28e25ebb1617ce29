"""What every streaming provider promises of what it misses: it is fetched within the provider's limits, or told, and what is broken is asked for anew. The numbers are those
of the suite that begins in test_providers.
"""

import asyncio
from pathlib import Path

import pytest

from tests.memory_output import MemoryOutput
from tests.streamed_world import World, every_provider
from tests.support import eventually_async


@every_provider
async def test_08_a_cut_connection_heals_and_its_trades_are_fetched(world: World) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first, 3)
        await world.has(world.first, 3)
        world.server.cut()
        world.server.happen(world.first, 4, told=False)
        await eventually_async(lambda: world.server.connections == 2)
        if world.dialect.remembers:
            await world.has(world.first, 7)  # though it never trades again
        await world.subscribed()
        world.server.happen(world.first)
        await eventually_async(lambda: world.numbers(world.first)[-1] == 8)
    if world.dialect.remembers:
        assert [trade.filled for trade in world.output.trades(world.first)] == [False] * 3 + [True] * 4 + [False]
        assert world.told() == [("reconnect", "filled", 4)]
    else:
        assert world.numbers(world.first) == [1, 2, 3, 8]
        assert world.told() == [("reconnect", "unfillable", 0)]


@every_provider
async def test_09_a_restarted_process_fetches_what_it_missed(world: World) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first, 2)
        await world.has(world.first, 2)
    await eventually_async(lambda: not world.server.clients)
    world.server.happen(world.first, 3, told=False)
    async with world.ingesting():
        if world.dialect.remembers:
            await world.has(world.first, 5)
        await world.subscribed()
        world.server.happen(world.first)
        await eventually_async(lambda: world.numbers(world.first)[-1] == 6)
    assert world.numbers(world.first) == [1, 2, 3, 4, 5, 6] if world.dialect.remembers else [1, 2, 6]
    assert [cause for cause, _, _ in world.told()] == ["restart"]


@every_provider
async def test_10_limits_bans_and_outages_are_waited_for(world: World) -> None:
    await world.limited((429, b"{}", "Retry-After: 0\r\n"), (418, b"{}", "Retry-After: 0\r\n"), (503, b"", ""))


@every_provider
async def test_11_a_limit_inside_a_good_answer_is_a_limit(world: World) -> None:
    if not world.dialect.hidden_limit:
        pytest.skip("the provider says it with a status")
    await world.limited((200, world.dialect.hidden_limit, ""))


@every_provider
async def test_15_a_large_hole_is_fetched_page_by_page(world: World) -> None:
    if not world.dialect.remembers:
        pytest.skip("the provider has no past of this kind")
    async with world.ingesting():
        await world.hole(2_500)
        if world.dialect.remembers < 2_500:
            await eventually_async(lambda: [gap.state for gap in world.output.gaps if gap.channel == "trade"] == ["partial"])
            await eventually_async(lambda: world.numbers(world.first)[-1] == 2_502)
            assert len(world.output.trades(world.first)) == world.numbers(world.first)[-1] - world.numbers(world.first)[1] + 2
            await _again(world)
            return
        await world.has(world.first, 2_502)
        await _again(world)


async def _again(world: World) -> None:
    """Another break: nothing of what filled the first hole comes a second time."""
    connections, number = world.server.connections, len(world.output.trades(world.first))
    world.server.cut()
    await eventually_async(lambda: world.server.connections > connections and world.server.subscribed == {world.first, world.second})
    world.server.happen(world.first)
    await eventually_async(lambda: len(world.output.trades(world.first)) > number)
    numbers = world.numbers(world.first)
    assert len(set(numbers)) == number + 1
    assert world.dialect.numbered or len(numbers) == number + 1


@every_provider
async def test_17_trades_that_come_again_are_no_hole(world: World) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first, 3)
        await world.has(world.first, 3)
        world.server.say(world.dialect.trade(world.server.deals[1]))  # validate drops it by its id
        world.server.happen(world.first)
        await eventually_async(lambda: world.ticks(world.first) and world.numbers(world.first)[-1] == 4)
    expected = {"again": [1, 2, 3, 2, 4], "another": [1, 2, 3, 0, 4], "nothing": [1, 2, 3, 4]}
    assert world.numbers(world.first) == expected[world.dialect.repeats_as]
    assert world.output.gaps == []


@every_provider
async def test_24_a_capture_of_raw_frames_plays_back_the_same(world: World, tmp_path: Path) -> None:
    async with world.ingesting(ingest={"capture": True}, data_dir=tmp_path):
        await world.subscribed()
        world.server.happen(world.first, 50)
        world.server.say(world.dialect.unknown)
        await world.has(world.first, 50)
        world.server.cut()
        await eventually_async(lambda: world.server.connections == 2)
        await world.subscribed()
        world.server.happen(world.second, 20)
        await world.has(world.second, 20)
    live = {symbol: world.ticks(symbol) for symbol in world.dialect.symbols}
    world.output = MemoryOutput()
    ingestor = world.ingestor()
    ingestor.play(sorted(tmp_path.glob("capture/*/*.frames.gz")))
    calls = len(world.server.calls)
    await asyncio.wait_for(ingestor.run(), 20)
    for symbol in (world.first, world.second):
        assert world.ticks(symbol) == live[symbol]  # times of receipt included
    assert [letter.payload for letter in world.output.letters] == [world.dialect.unknown]
    assert (len(world.server.calls), world.server.connections) == (calls, 2)


@every_provider
async def test_25_a_broken_book_is_told_and_asked_for_anew(world: World) -> None:
    if not world.dialect.book_settings:
        pytest.skip("no books are taken from this provider")
    async with world.ingesting(ingest={"book_interval_s": 0, "book_snapshot_s": 3600}, **world.dialect.book_settings) as ingestor:
        await world.subscribed()
        connectors = [shard.connector for shard in ingestor.lanes]
        await eventually_async(lambda: all(one.conversation and not one.conversation.waiting() for one in connectors))
        for symbol in world.dialect.symbols:
            for frame in world.dialect.book(symbol):
                world.server.say(frame, symbol)
            await eventually_async(lambda symbol=symbol: world.books(symbol) == [("snapshot", "")])
        world.server.say(world.dialect.broken_book(world.first), world.first)
        await eventually_async(lambda: len(world.books(world.first)) > 1)
        assert world.books(world.first)[1] == ("invalid", world.dialect.book_reason)
        for frame in () if world.dialect.book_comes_again else world.dialect.book(world.first):
            world.server.say(frame, world.first)
        await eventually_async(lambda: world.books(world.first)[2:] == [("snapshot", "")])
        world.server.happen(world.first)
        await world.has(world.first, 1)
        assert world.server.connections == 1
        assert world.books(world.second) == [("snapshot", "")]


@every_provider
async def test_29_a_number_that_is_missing_among_the_messages_is_a_loss(world: World) -> None:
    if not world.dialect.numbers_messages:
        pytest.skip("the provider does not number its messages")
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first)
        await world.has(world.first, 1)
        world.server.happen(world.first, 2, told=False)
        for client in world.server.clients:
            client.memory["number"] += 1
        world.server.happen(world.second)
        await eventually_async(lambda: world.server.connections == 2)
        await world.has(world.first, 3)  # though it never trades again
        await world.has(world.second, 1)
        await world.subscribed()
