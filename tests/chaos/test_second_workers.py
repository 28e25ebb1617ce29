"""A second worker of every stage joins and leaves under load, with every indicator: the topics are what the cores give that read each record once."""

import pytest

from schemas.topics import Topic
from tests.chaos_world import STAGES, ChaosWorld
from tests.support import eventually

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(420)]


def test_second_workers_join_and_leave(chaos_world: ChaosWorld) -> None:
    """Of all stages at once; some by a kill, some in order. Their partitions move with their states, those of every indicator included."""
    world = chaos_world
    everything = list(range(world.settings.kafka.partitions))
    with world.feed.running():
        world.start(*STAGES, instance=1)
        world.await_work(*STAGES, instance=1)
        for name in STAGES:
            eventually(lambda name=name: world.restored(name, 1)[-1] not in ([], everything), 60)  # type: ignore[misc]
            eventually(lambda name=name: _shared(world, name) == everything, 60)  # type: ignore[misc]
        before = world.written(Topic.SIGNALS)
        eventually(lambda: world.written(Topic.SIGNALS) > before + 20, 60)
        world.kill(*STAGES[::2], instance=1)
        world.terminate(*STAGES[1::2], instance=1)
        for name in STAGES:  # after the session's time-out
            eventually(lambda name=name: world.restored(name)[-1] == everything, 60)  # type: ignore[misc]
    world.assert_exact()


def _shared(world: ChaosWorld, name: str) -> list[int]:
    return sorted(world.restored(name)[-1] + world.restored(name, 1)[-1])
