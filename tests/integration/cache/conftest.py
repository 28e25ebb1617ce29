"""Fixtures of the suites of the cache library: a Redis of the test's own, and caches at it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cache import Cache
from runtime.clock import ManualClock
from runtime.settings import load_settings
from tests.redis_world import OwnRedis
from tests.sink_events import T0_NS


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnRedis]:
    made = OwnRedis(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(T0_NS)


@pytest.fixture
def make_cache(server: OwnRedis, clock: ManualClock) -> Iterator[Callable[..., Cache]]:
    made: list[Cache] = []

    def make(**settings: Any) -> Cache:
        made.append(Cache(server.url, settings=load_settings(cache=settings), clock=clock))
        return made[-1]

    yield make
    for one in made:
        one.close()
