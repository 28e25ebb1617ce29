"""A world of processes to be killed, one for all tests of a file: each test goes on with the state that the one before has left."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos_world import PROCESSES, ChaosWorld


@pytest.fixture(scope="module", autouse=True)
def _untraced(untraced_children: None) -> None:
    """Nowhere here."""


@pytest.fixture(scope="module")
def chaos_world(module_line: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChaosWorld]:
    """All processes are at work, and the rules of the alerts are known to them."""
    world = ChaosWorld(module_line, tmp_path_factory.mktemp("chaos"))
    try:
        world.feed.rules()
        world.start(*PROCESSES)
        world.await_work(*PROCESSES)
        yield world
    finally:
        world.close()
