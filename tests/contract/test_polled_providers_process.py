"""What every polled provider's process does over time: restarts, stops, bars that are restated, symbols that come and go. The numbers are those
of the suite that begins in test_polled_providers.
"""

from contextlib import AsyncExitStack

import pytest

from schemas.timeframes import SECOND_NS
from schemas.topics import Topic
from tests.poll_server import START_NS
from tests.polled_world import World, every_provider
from tests.support import eventually_async


@every_provider
async def test_09_a_restarted_process_goes_on_without_repeats(world: World) -> None:
    async with world.ingesting():
        for symbol in world.dialect.symbols:
            await world.has(symbol, 5)
    await world.next_bar()
    await world.next_bar()
    async with world.ingesting():
        for symbol in world.dialect.symbols:
            await eventually_async(lambda symbol=symbol: len(world.bars(symbol)) >= 7)
            await world.has(symbol, len(world.bars(symbol)))
        for symbol in world.dialect.symbols:
            ticks = [tick.ts_event_ns for tick in world.output.ticks if tick.symbol == symbol]
            assert len(ticks) == len(set(ticks))


@every_provider
async def test_16_a_stop_ends_at_once_also_while_a_limit_holds_a_call_up(world: World) -> None:
    world.server.refusals.append((429, b"", "Retry-After: 3600\r\n"))
    async with world.ingesting(parallel_calls=1):
        await eventually_async(lambda: world.server.calls)
    assert world.output.bars == []
    async with world.ingesting():
        world.clock.advance_s(3600)
        await eventually_async(lambda: len(world.bars(world.first)) >= 5)


@every_provider
@pytest.mark.parametrize("is_restarted", [False, True], ids=["running", "restarted"])
async def test_18_bars_that_the_provider_restates_are_sent_again_once(world: World, is_restarted: bool) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(world.ingesting(symbols=(world.first,)))
        await world.has(world.first, 5)
        if is_restarted:
            await stack.aclose()
        before, known_ns = world.bars(world.first), world.clock.now_ns()
        world.server.market.restate(before[-1].ts_close_ns)
        await world.next_bar()
        if is_restarted:
            await stack.enter_async_context(world.ingesting(symbols=(world.first,)))
        newest_ns = world.expected(world.first)[-1].open_ns
        await eventually_async(lambda: world.bars(world.first)[-1].ts_open_ns == newest_ns)
        await world.next_bar()
        await eventually_async(lambda: world.bars(world.first)[-1].ts_open_ns > newest_ns)
    sent = world.bars(world.first)[len(before) :]
    again = {bar.ts_open_ns: bar for bar in sent if bar.again}
    assert again.keys() >= {bar.ts_open_ns for bar in before}
    assert len(again) == sum(bar.again for bar in sent) == len(sent) - len({bar.ts_open_ns for bar in sent if not bar.again})
    assert all(bar.known_at_ns > known_ns for bar in sent)
    for bar in before:
        assert float(again[bar.ts_open_ns].close) == pytest.approx(float(bar.close) + 1)


@every_provider
async def test_22_symbols_come_and_go_at_run_time(world: World) -> None:
    world.output.asked = (world.first,)
    async with world.ingesting() as ingestor:
        await world.has(world.first, 5)
        assert world.bars(world.second) == []
        world.output.asked = world.dialect.symbols
        await world.has(world.second, 5)
        world.output.asked = (world.second,)
        await eventually_async(lambda: ingestor._changes.symbols == {world.second} and ingestor._follower._change is None)
        await world.next_bar()
        await eventually_async(lambda: len(world.bars(world.second)) > 5)
        assert len(world.bars(world.first)) == 5


@every_provider
async def test_23_it_offers_its_bars_before_the_first_of_them_and_none_while_its_provider_is_away(world: World) -> None:
    async with world.ingesting(priority=7):
        for symbol in world.dialect.symbols:
            await world.has(symbol, 5)
        kinds = [(topic, b'"bar_offer"' in value) for topic, _, value in world.output.sent]
        assert (Topic.TICKS_RAW, True) in kinds[: kinds.index((Topic.BARS_RAW, False))]
        first = [offer for offer in world.output.offers if offer.ts_ingest_ns == START_NS]
        assert sorted(symbol for offer in first for symbol in offer.symbols) == sorted(world.dialect.symbols)
        assert {(offer.source, offer.timeframes, offer.priority) for offer in first} == {
            (world.dialect.name, (world.dialect.timeframe.value,), 7)
        }
        assert sorted(offer.partition for offer in first) == list(range(len(first)))
        assert all(offer.ts_event_ns == offer.ts_ingest_ns for offer in world.output.offers)
        world.server.instead = (503, b"")
        await world.next_bar()
        await world.passing(lambda: _is_away(world))
        await world.passing(lambda: _offers_nothing(world))  # each is told as a gap by now


def _is_away(world: World) -> bool:
    newest = world.output.offers[-1]
    return newest.ts_ingest_ns - newest.ts_event_ns > 15 * SECOND_NS


def _offers_nothing(world: World) -> bool:
    newest = {offer.partition: offer for offer in world.output.offers}
    return not any(offer.symbols for offer in newest.values())
