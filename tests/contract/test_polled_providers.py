"""What every polled provider promises, as one suite over all that are registered: what it says, what we make of it, and what is told of it where it says nothing.
The numbers go on in test_polled_providers_refusals, _past and _process. A new provider adds one entry to the catalogue of dialects.

The server speaks each provider's own REST interface; Kafka stands in memory, and time is moved by the test.
"""

from typing import Any

import pytest

from ingestors.polling.rows import Series, bars_of
from ingestors.registry import PROVIDERS
from runtime.clock import ManualClock
from schemas.reasons import CATALOGUE
from schemas.ticks import Quote, Trade
from schemas.timeframes import DAY_NS
from tests.poll_server import START_NS, Market
from tests.polled_world import DIALECTS, World, every_provider
from tests.support import eventually_async


def test_00_every_polled_provider_has_a_dialect() -> None:
    assert DIALECTS.keys() == {name for name, provider in PROVIDERS.items() if provider.transport == "poll"}


@every_provider
def test_00_what_a_provider_is_registered_with_is_what_this_suite_asks_of_it(name: str) -> None:
    provider, dialect, market = PROVIDERS[name], DIALECTS[name], Market(ManualClock(START_NS))
    ticks = [tick for symbol in dialect().symbols if (tick := dialect().ticks(market, symbol))]
    kinds = {tick[0] for tick in ticks if isinstance(tick, tuple)}
    assert ("trade" in kinds, "quote" in kinds, provider.bars, provider.books) == (provider.trades, provider.quotes, True, False)


@every_provider
async def test_01_asks_and_publishes_closed_bars_once_and_in_order(world: World) -> None:
    async with world.ingesting():
        for symbol in world.dialect.symbols:
            await world.has(symbol, 5)
        await world.next_bar()
        for symbol in world.dialect.symbols:
            await eventually_async(lambda symbol=symbol: len(world.bars(symbol)) > 5)
            await world.has(symbol, len(world.bars(symbol)))
        assert {answer for _, answer in world.health.ready()[1].items()} == {""}
        sources = {(bar.source, bar.kind, bar.timeframe) for bar in world.bars(world.first)}
        assert sources == {(world.dialect.name, "provider", world.dialect.timeframe.value)}


@every_provider
async def test_02_newest_quotes_and_trades_are_published_when_they_are_new(world: World) -> None:
    symbol = next((one for one in world.dialect.symbols if world.dialect.ticks(world.server.market, one)), None)
    if symbol is None:
        pytest.skip("the provider has bars only")
    async with world.ingesting():
        expected = []
        for _ in range(3):
            expected.append(world.dialect.ticks(world.server.market, symbol))
            await eventually_async(lambda: len(_of(world.output.ticks, symbol)) == len(expected))
            calls = len(world.server.calls)
            world.clock.advance_s(10)
            await eventually_async(lambda calls=calls: len(world.server.calls) > calls)
        await eventually_async(lambda: len(_of(world.output.ticks, symbol)) == len(expected) + 1)
        assert _of(world.output.ticks, symbol)[: len(expected)] == expected
        marks = [mark.ts_event_ns for mark in world.output.watermarks if mark.partition == 0]
        assert marks == sorted(set(marks))
        assert marks[-1] < world.clock.now_ns()


def _of(ticks: list[Any], symbol: str) -> list[object]:
    return [_plain(tick) for tick in ticks if tick.symbol == symbol]


def _plain(tick: Trade | Quote) -> object:
    if isinstance(tick, Quote):
        return ("quote", tick.bid, tick.ask, tick.ts_event_ns)
    return ("trade", tick.price, tick.size, tick.ts_event_ns)


@every_provider
async def test_03_recorded_and_documented_bodies_are_bars(world: World) -> None:
    history = world.history()
    bodies = list(world.dialect.recorded())
    assert bodies
    for symbol, timeframe, body in bodies:
        world.server.refusals.append((200, body, ""))
        bars = bars_of(
            await history.rows(symbol, timeframe, START_NS - DAY_NS, START_NS), Series(symbol, history.source, timeframe), START_NS
        )
        assert bars, (symbol, timeframe)
        assert len(bars) == len({bar.ts_open_ns for bar in bars})
        for bar in bars:
            assert 9e17 < bar.ts_open_ns < bar.ts_close_ns
            assert 0 < float(bar.low) <= min(float(bar.open), float(bar.close)) <= max(float(bar.open), float(bar.close)) <= float(bar.high)
    await history.close()


@every_provider
async def test_04_an_answer_that_nobody_knows_is_a_dead_letter_and_the_feed_goes_on(world: World) -> None:
    await _refused(world, world.dialect.unknown)


@every_provider
async def test_05_an_answer_that_is_cut_off_is_a_dead_letter_and_the_feed_goes_on(world: World) -> None:
    await _refused(world, world.dialect.malformed)


async def _refused(world: World, body: bytes) -> None:
    world.server.refusals.append((200, body, ""))
    async with world.ingesting():
        await eventually_async(lambda: world.output.letters)
        world.clock.advance_s(1)
        for symbol in world.dialect.symbols:
            await world.has(symbol, 5)
    [letter] = world.output.letters
    assert letter.payload == body
    assert letter.reason in CATALOGUE


@every_provider
@pytest.mark.parametrize("kind", ["empty", "away"])
async def test_06_an_empty_answer_for_a_known_symbol_is_an_outage_told_as_a_gap_and_filled(world: World, kind: str) -> None:
    async with world.ingesting(symbols=(world.first,)):
        await world.has(world.first, 5)
        world.server.instead = world.dialect.empty if kind == "empty" else (503, b"")
        await world.next_bar()
        await world.passing(lambda: _told(world, "open"))
        assert "no answer for" in str(world.health.ready()[1]["answers"])
        await world.next_bar()
        world.server.instead = None
        await world.passing(lambda: _told(world, "filled"))
        await world.has(world.first, len(world.bars(world.first)))
        assert len(world.bars(world.first)) >= 7
    told = [(gap.cause, gap.state) for gap in world.output.gaps if gap.channel == "bar"]
    assert told == [("silence", "open"), ("silence", "filled")]
    assert len({gap.gap_id for gap in world.output.gaps if gap.channel == "bar"}) == 1


def _told(world: World, state: str) -> list[Any]:
    return [gap for gap in world.output.gaps if gap.channel == "bar" and gap.state == state]
