"""What every streaming provider promises of its connections: they are watched, spread, replaced, and may be silent where the market is closed. The numbers are those
of the suite that begins in test_providers.
"""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ingestors import connector, conversation, market_hours
from ingestors.process_shard import ProcessShard
from schemas.sessions import AlwaysOpen
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


@pytest.mark.parametrize("processes", [1, 2])
async def test_23_two_thousand_symbols_are_sharded_and_all_acknowledged(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = tuple(f"S{number}-USD" for number in range(2_000))
    dialect: Any = Template()
    dialect.symbols = symbols
    async with venue(dialect) as (server, websocket, rest):
        server.lose_answers = 3
        monkeypatch.setattr(conversation, "ACKNOWLEDGEMENT_S", 0.2)
        monkeypatch.setattr(connector, "_STEP_S", 0.02)
        world = World(dialect, server, websocket, rest)
        async with AsyncExitStack() as stack:
            shards = [ProcessShard(4, number, processes) for number in range(1, processes + 1)]
            begun = [world.ingesting(shard, symbols=symbols, symbols_per_connection=100) for shard in shards]
            ingestors = [await stack.enter_async_context(one) for one in begun]
            await eventually_async(lambda: sum(len(client.symbols) for client in server.clients) == 2_000)
            assert [ingestor.lanes.symbols for ingestor in ingestors] == [shard.of_these(symbols) for shard in shards]
            assert server.subscribed == set(symbols)
            conversations = [one.connector.conversation for ingestor in ingestors for one in ingestor.lanes]
            await eventually_async(lambda: not any(one.waiting() for one in conversations))
            assert (len(conversations), server.connections) == (20 + processes - 1, 20 + processes - 1)
            assert sum(one.repeated for one in conversations) == 3
            for symbol in (symbols[0], symbols[777], symbols[1_999]):
                server.happen(symbol)
                await world.has(symbol, 1)


@every_provider
async def test_28_a_closed_market_may_be_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_hours, "calendar_of", lambda asset_class: Closed())
    async with world.ingesting(ingest={"silence_timeout_s": 0.1}) as ingestor:
        await world.subscribed()
        age_s = [ingestor.lanes.data_age_s()]
        await asyncio.sleep(0.3)
        assert world.server.connections == 1
        assert ingestor.lanes.data_age_s() < 0.3, age_s


class Closed(AlwaysOpen):
    def is_open(self, ts_ns: int) -> bool:
        return False
