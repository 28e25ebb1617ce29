"""Fixtures of the suites over all providers."""

from collections.abc import AsyncIterator

import pytest

from tests import polled_world, streamed_world


@pytest.fixture
async def world(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[streamed_world.World | polled_world.World]:
    """The streamed or polled provider's of this name."""
    is_polled = name in polled_world.DIALECTS
    async with polled_world.polled_world(name, monkeypatch) if is_polled else streamed_world.streamed_world(name, monkeypatch) as opened:
        yield opened
