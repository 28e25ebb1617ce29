"""kill -9 of every stage and of the sink at random moments under load, and of two at once: the topics are, byte for byte, what the cores give that read each record once, and the tables stand before `verify`.

CHAOS_KILLS (2) of each process and CHAOS_PAIRS (1) of two at once; `make chaos` takes 50 and 50. CHAOS_SEED chooses the moments.
"""

import os
import random
import threading

import pytest

from tests.chaos_world import PROCESSES, ChaosWorld

KILLS = int(os.environ.get("CHAOS_KILLS", "2"))
PAIRS = int(os.environ.get("CHAOS_PAIRS", "1"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(240 + 20 * (KILLS + PAIRS) * len(PROCESSES))]


def _schedule(chance: random.Random) -> list[tuple[str, ...]]:
    schedule: list[tuple[str, ...]] = [(name,) for name in PROCESSES for _ in range(KILLS)]
    schedule += [tuple(chance.sample(PROCESSES, 2)) for _ in range(PAIRS)]
    chance.shuffle(schedule)
    return schedule


def test_killed_at_random_moments(chaos_world: ChaosWorld) -> None:
    """Four in five at work for up to half a second; the others wherever they are in starting."""
    world = chaos_world
    chance, clock = random.Random(SEED), threading.Event()
    schedule, working = _schedule(chance), 0
    with world.feed.running():
        for victims in schedule:
            if chance.random() < 0.8:
                world.await_work(*victims)
            clock.wait(chance.uniform(0, 0.5))  # not a synchronisation: the random moment
            working += all(world.works(name) for name in victims)
            world.kill(*victims)
            world.start(*victims)
        world.await_work(*PROCESSES)
    world.assert_exact(120 + 2 * (KILLS + PAIRS))
    world.assert_tables()
    assert working
    print(f"killed {KILLS} of each and {PAIRS} pairs, {working} at work, in {world.feed.steps} steps; repeats dropped: {world.repeats}")
