"""The broker restarts under load: no process ends, and topics and tables are those of a line whose broker stayed."""

from typing import Any

import pytest

from schemas.topics import Topic
from tests.chaos_world import ChaosWorld
from tests.support import eventually

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(420)]


def test_the_broker_restarts(chaos_world: ChaosWorld, stack: Any) -> None:
    if stack.running is None:
        pytest.skip("the broker is not ours to restart")
    world = chaos_world
    with world.feed.running():
        eventually(lambda: world.written(Topic.SIGNALS) > 50, 60)
        stack.running.children["kafka"].stop(30)
        stack.running.restart("kafka")
        before = world.written(Topic.SIGNALS)
        eventually(lambda: world.written(Topic.SIGNALS) > before + 50, 90)
    world.assert_exact()
    world.assert_tables()
