"""What every streaming provider promises of its connections: they heal, what was missed is fetched, limits hold, symbols come and go. The numbers are those
of the suite that begins in test_providers.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ingestors import connector, conversation, market_hours
from schemas.sessions import AlwaysOpen
from tests.memory_output import MemoryOutput
from tests.streamed_world import World, every_provider
from tests.support import eventually_async
from tests.venue_server import venue
from tests.venues.template import Template


@every_provider
async def test_02_a_lost_acknowledgement_is_asked_for_again(world: World) -> None:
    world.server.lose_answers = 1
    async with world.ingesting() as ingestor:
        await world.subscribed()
        if world.server.messages and world.dialect.acknowledges:  # else the address subscribes, and nothing is acknowledged
            shard = next(iter(ingestor.lanes))
            await eventually_async(lambda: len(world.server.messages) >= 2 and not shard.connector.conversation.waiting())
            assert shard.connector.conversation.repeated == 1
        assert world.server.connections == 1


@every_provider
async def test_07_silence_is_a_dead_connection(world: World) -> None:
    async with world.ingesting(ingest={"silence_timeout_s": 0.3}):
        await world.subscribed()
        world.server.mute = True
        await eventually_async(lambda: world.server.connections >= 2)
        world.server.mute = False
        await world.subscribed()


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
async def test_18_symbols_are_spread_over_connections(world: World) -> None:
    async with world.ingesting(symbols_per_connection=1):
        await world.subscribed()
        assert sorted(len(client.symbols) for client in world.server.clients) == [1, 1]
        for symbol in world.dialect.symbols:
            world.server.happen(symbol, 2)
            await world.has(symbol, 2)
        world.server.clients[0].transport.abort()
        await eventually_async(lambda: world.server.connections == 3)
        await world.subscribed()
        for symbol in world.dialect.symbols:
            world.server.happen(symbol)
            await world.has(symbol, 3)


@every_provider
async def test_21_a_connection_is_replaced_before_it_is_cut_without_a_loss(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = type(world.dialect.session())
    monkeypatch.setattr(session, "lifetime_s", 0.5)
    async with world.ingesting():
        await world.subscribed()

        def replaced() -> bool:
            world.server.happen(world.first)  # a connection takes over once it brings data
            if world.server.connections >= 3:
                monkeypatch.setattr(session, "lifetime_s", 0.0)
            return world.server.connections >= 3 and len(world.server.clients) == 1

        await eventually_async(replaced)
        world.server.happen(world.first)
        await world.has(world.first, len(world.server.deals))
    assert not any(trade.filled for trade in world.output.trades(world.first))
    assert world.output.gaps == []


@every_provider
async def test_22_symbols_come_and_go_at_run_time(world: World) -> None:
    world.output.asked = (world.first,)
    async with world.ingesting():
        await eventually_async(lambda: world.server.subscribed == {world.first})
        world.server.happen(world.first)
        await world.has(world.first, 1)
        world.output.asked = (world.first, world.second, "NO-SUCH")
        await world.subscribed()
        world.server.happen(world.second, 2)
        await world.has(world.second, 2)
        world.output.asked = (world.second,)
        await eventually_async(lambda: world.server.subscribed == {world.second})
        world.server.happen(world.second)
        await world.has(world.second, 3)
        assert world.server.connections == (3 if world.dialect.lines else 1)  # lines are asked for by the address alone
    assert world.output.gaps == []


async def test_23_two_thousand_symbols_are_sharded_and_all_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = tuple(f"S{number}-USD" for number in range(2_000))
    dialect: Any = Template()
    dialect.symbols = symbols
    async with venue(dialect) as (server, websocket, rest):
        server.lose_answers = 3
        monkeypatch.setattr(conversation, "ACKNOWLEDGEMENT_S", 0.2)
        monkeypatch.setattr(connector, "_STEP_S", 0.02)
        world = World(dialect, server, websocket, rest)
        async with world.ingesting(symbols=symbols, symbols_per_connection=100) as ingestor:
            await eventually_async(lambda: len(server.subscribed) == 2_000)
            conversations = [shard.connector.conversation for shard in ingestor.lanes]
            await eventually_async(lambda: not any(one.waiting() for one in conversations))
            assert (len(conversations), server.connections) == (20, 20)
            assert sum(one.repeated for one in conversations) == 3
            for symbol in (symbols[0], symbols[777], symbols[1_999]):
                server.happen(symbol)
                await world.has(symbol, 1)


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
async def test_28_a_closed_market_may_be_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_hours, "calendar_of", lambda asset_class: Closed())
    async with world.ingesting(ingest={"silence_timeout_s": 0.1}) as ingestor:
        await world.subscribed()
        age_s = [ingestor.lanes.data_age_s()]
        await asyncio.sleep(0.3)
        assert world.server.connections == 1
        assert ingestor.lanes.data_age_s() < 0.3, age_s


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


class Closed(AlwaysOpen):
    def is_open(self, ts_ns: int) -> bool:
        return False
