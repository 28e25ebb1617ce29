"""What every streaming provider does when operators change its state at run time; the numbers go on from test_providers."""

from schemas.sources import SourceState
from tests.streamed_world import World, every_provider
from tests.support import eventually_async


async def carries_again(world: World, newest: int) -> None:
    """The next trade comes, and those of between with it where the provider remembers them."""
    await world.subscribed()
    world.server.happen(world.first)
    await eventually_async(lambda: world.numbers(world.first)[-1:] == [newest])
    assert world.numbers(world.first) == (list(range(1, newest + 1)) if world.dialect.remembers else [1, newest])


@every_provider
async def test_30_a_disabled_source_closes_its_connection_and_fetches_what_it_missed_when_it_is_enabled(world: World) -> None:
    async with world.ingesting() as ingestor:
        await world.subscribed()
        world.server.happen(world.first)
        await world.has(world.first, 1)
        world.output.state = SourceState(ingestor.source, False, None, 1)
        await eventually_async(lambda: not world.server.clients)
        assert {name: answer for name, answer in world.health.ready()[1].items() if answer} == {}
        world.server.happen(world.first, 3, told=False)
        world.output.state = SourceState(ingestor.source, True, None, 2)
        await carries_again(world, 5)


@every_provider
async def test_31_a_source_that_is_to_begin_anew_makes_another_connection_and_loses_nothing(world: World) -> None:
    async with world.ingesting() as ingestor:
        await world.subscribed()
        world.server.happen(world.first)
        await world.has(world.first, 1)
        before, clients = world.server.connections, len(world.server.clients)
        world.output.state = SourceState(ingestor.source, True, None, 1, restarted_ns=1)
        world.server.happen(world.first, 2, told=False)
        await eventually_async(lambda: world.server.connections > before and len(world.server.clients) <= clients)
        await carries_again(world, 4)


@every_provider
async def test_32_watermarks_say_the_priority_that_was_asked_for(world: World) -> None:
    async with world.ingesting(priority=30) as ingestor:
        await world.subscribed()
        world.server.happen(world.first)
        await eventually_async(lambda: world.output.watermarks)
        assert {one.priority for one in world.output.watermarks} == {30}
        world.output.state = SourceState(ingestor.source, True, 5, 1)
        await eventually_async(lambda: world.output.watermarks[-1].priority == 5)
