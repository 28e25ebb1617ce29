"""A venue that cannot be asked is left alone for a while, and never holds anything up for long."""

import asyncio
import random

from ingestors.backoff import Backoff
from ingestors.venue_pace import VenuePace
from runtime.clock import ManualClock
from runtime.errors import TransientError


async def away() -> None:
    raise TransientError("away")


async def fine() -> None:
    return


async def endless() -> None:
    await asyncio.Event().wait()


async def test_a_failure_makes_the_next_turn_wait_and_an_answer_ends_that() -> None:
    clock = ManualClock()
    pace = VenuePace(clock, backoff=Backoff(1.0, 30.0, random.Random(1)))
    for _ in range(12):
        assert not await pace.ask(away())
        assert (pace.due(), pace.failing) == (False, True)
        clock.advance_s(30.5)
        assert pace.due()
    assert await pace.ask(fine())
    assert (pace.due(), pace.failing) == (True, False)


async def test_a_venue_that_does_not_answer_is_left_after_the_deadline() -> None:
    pace = VenuePace(ManualClock(), deadline_s=0.01)
    assert not await pace.ask(endless())
    assert not pace.due()


async def test_a_stop_ends_the_running_turn_and_all_later_ones() -> None:
    pace = VenuePace(ManualClock(), deadline_s=3600)
    turn = asyncio.ensure_future(pace.ask(endless()))
    await asyncio.sleep(0)
    pace.stop()
    assert not await turn
    assert not pace.due()
