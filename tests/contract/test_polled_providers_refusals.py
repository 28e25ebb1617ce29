"""What every polled provider does where it is refused: limits, keys, symbols that are not there, markets that are closed. The numbers are those
of the suite that begins in test_polled_providers.
"""

import asyncio
from pathlib import Path

import pytest

from ingestors.bar_history import bar_history_of
from ingestors.registry import PROVIDERS
from runtime.clock import ManualClock
from runtime.errors import UserError
from runtime.settings import load_settings
from schemas.timeframes import DAY_NS, HOUR_NS, SECOND_NS
from tests.poll_server import START_NS
from tests.polled_world import DIALECTS, World, every_provider
from tests.support import eventually_async


@every_provider
async def test_10_a_limit_is_waited_for(world: World) -> None:
    world.server.refusals.append((429, b"", "Retry-After: 3\r\n"))
    async with world.ingesting(parallel_calls=1):
        await eventually_async(lambda: len(world.server.calls) == 1)
        await asyncio.sleep(0.1)
        assert len(world.server.calls) == 1  # nothing is asked until the limit is over
        world.clock.advance_s(3.1)
        await world.has(world.first, 5)
        assert world.output.gaps == []


@every_provider
async def test_11_a_limit_inside_a_good_answer_is_a_limit(world: World) -> None:
    if not world.dialect.hidden_limit:
        pytest.skip("the provider says it with a status")
    world.server.refusals.append((200, world.dialect.hidden_limit, ""))
    async with world.ingesting(parallel_calls=1):
        await eventually_async(lambda: len(world.server.calls) == 1)
        await asyncio.sleep(0.1)
        assert len(world.server.calls) == 1
        world.clock.advance_s(DAY_NS / SECOND_NS)
        await eventually_async(lambda: len(world.bars(world.first)) >= 5)
        assert world.output.letters == []


@every_provider
async def test_12_a_refused_key_is_the_users_to_mend(world: World) -> None:
    status, body = world.dialect.auth_error
    world.server.refusals += [(status, body, "")] * 20
    with pytest.raises(UserError, match=r"refuses .*; check providers\."):
        await asyncio.wait_for(world.ingestor().run(), 20)


@every_provider
def test_12_a_missing_key_names_its_setting(name: str, tmp_path: Path) -> None:
    dialect = DIALECTS[name]()
    assert bool(PROVIDERS[name].key) is ("api_key" in dialect.section and dialect.section["api_key"] is not None)
    if not PROVIDERS[name].key:
        pytest.skip("the provider wants no key")
    with pytest.raises(UserError, match=f"{name} needs a key: set {PROVIDERS[name].key} in the settings"):
        bar_history_of(name, load_settings(), ManualClock(START_NS))


@every_provider
async def test_13_a_symbol_that_is_not_there_costs_the_others_nothing_and_is_said(world: World) -> None:
    async with world.ingesting(symbols=(world.first, world.dialect.stranger)):
        await world.has(world.first, 5)
        await world.passing(lambda: world.dialect.stranger in str(world.health.ready()[1]))
    if world.dialect.says_unlisted:
        with pytest.raises(UserError, match=f"does not list {world.dialect.stranger}; correct providers"):
            await asyncio.wait_for(world.ingestor(symbols=(world.dialect.stranger,)).run(), 20)


@every_provider
async def test_14_nothing_is_asked_while_the_market_is_closed(world: World) -> None:
    if world.first[-4:] == "-USD" and world.first.startswith("BTC"):
        pytest.skip("it never closes")
    async with world.ingesting(symbols=(world.first,)):
        await world.has(world.first, 5)
        saturday_ns = START_NS + 3 * DAY_NS
        world.clock.set_ns(saturday_ns)
        await eventually_async(lambda: len(world.bars(world.first)) > 5)
        await asyncio.sleep(0.1)
        calls = len(world.server.calls)
        for _ in range(8):
            world.clock.set_ns(world.clock.now_ns() + 3 * HOUR_NS)
            await asyncio.sleep(0.02)
        assert len(world.server.calls) == calls
