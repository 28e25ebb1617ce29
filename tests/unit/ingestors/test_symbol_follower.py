"""A change of symbols is made between two turns, all of it, and not while a connection is being replaced."""

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from ingestors import symbol_follower
from ingestors.resume import Published
from ingestors.symbol_changes import Change
from ingestors.symbol_follower import SymbolFollower, change_connections
from tests.support import eventually_async


class World:
    """What is asked for, connections and the feed, all in one; made: the calls, in order."""

    def __init__(self, *changes: Change) -> None:
        self.waiting = list(changes)
        self.made: list[Any] = []
        self.is_changing = False
        self.priority = 7

    async def next(self) -> Change | None:
        return self.waiting.pop(0) if self.waiting else None

    def changing(self) -> bool:
        return self.is_changing

    def __iter__(self) -> Any:
        lanes = (SimpleNamespace(standby=False, name="new"), SimpleNamespace(standby=True, name="standby"))
        return iter([SimpleNamespace(lane=lane) for lane in lanes])

    def add(self, symbols: set[str], published: Published | None = None) -> None:
        self.made.append(("subscribe" if published is None else "know", symbols))

    def carry(self, lanes: Any) -> None:
        self.made.append(("carry", [lane.name for lane in lanes]))

    def remove(self, symbols: set[str]) -> list[str]:
        return ["idle"] if symbols else []

    def drop(self, lanes: list[str]) -> None:
        self.made.append(("drop", lanes))

    def forget(self, symbols: set[str]) -> None:
        self.made.append(("forget", symbols))


async def test_changes_are_made_one_after_the_other_once_connections_may_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbol_follower, "FOLLOW_S", 0.001)
    world: Any = World(Change({"B"}, {"A"}, Published()), Change(set(), {"B"}, Published()))
    publisher: Any = SimpleNamespace(priority=0)
    follower = SymbolFollower(world, publisher, partial(change_connections, world, world), world.changing)
    following = asyncio.ensure_future(follower.run())
    await eventually_async(lambda: publisher.priority == 7 and len(world.waiting) == 1)
    world.is_changing = True
    follower.make_change()
    assert world.made == []
    world.is_changing = False
    follower.make_change()
    assert world.made == [("know", {"B"}), ("subscribe", {"B"}), ("carry", ["new"]), ("drop", ["idle"]), ("forget", {"A"})]
    follower.make_change()  # it is made once
    assert len(world.made) == 5
    await eventually_async(lambda: not world.waiting)
    follower.make_change()
    assert world.made[-1] == ("forget", {"B"})
    following.cancel()
