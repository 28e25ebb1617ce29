"""Symbols spread over connections."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestors.lanes import Lanes
from ingestors.session import Request, Session
from ingestors.shard import groups_of, shards_of
from ingestors.shard_opener import Limits
from runtime.clock import SystemClock
from tests.support import eventually_async


@pytest.mark.parametrize(("number", "most", "sizes"), [(1, 100, [1]), (100, 100, [100]), (101, 100, [51, 50]), (2_000, 100, [100] * 20)])
def test_as_few_connections_as_can_be_of_equal_size(number: int, most: int, sizes: list[int]) -> None:
    symbols = [f"S{i}" for i in range(number)]
    shards = shards_of(symbols, most)
    assert [len(shard) for shard in shards] == sizes
    assert sorted(symbol for shard in shards for symbol in shard) == sorted(symbols)


def test_groups_never_share_a_connection() -> None:
    assert groups_of(["A", "B-C", "D"], lambda symbol: "pairs" if "-" in symbol else "") == {"": ["A", "D"], "pairs": ["B-C"]}


class Slow(Session):
    """Takes its time to find out where to connect to."""

    def __init__(self, url: str, may_go: asyncio.Event, asked: list[set[str]]) -> None:
        self._url, self._may_go, self._asked = url, may_go, asked

    async def address(self, symbols: Collection[str]) -> str:
        self._asked.append(set(symbols))
        await self._may_go.wait()
        return self._url

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [Request(f"+{symbol}") for symbol in sorted(symbols)]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [Request(f"-{symbol}") for symbol in sorted(symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Any:
        return []


async def test_symbols_that_change_while_a_connection_is_being_opened_are_not_forgotten() -> None:
    heard: list[str] = []

    async def listen(connection: ServerConnection) -> None:
        async for message in connection:
            heard.append(str(message))

    may_go, asked = asyncio.Event(), list[set[str]]()
    async with serve(listen, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        lanes = Lanes("x", lambda: Slow(url, may_go, asked), Limits(1_000, 1 << 20, 10_000, 30.0, 10), SystemClock(), asyncio.Event())
        lanes.start(["A", "B"])
        await eventually_async(lambda: asked == [{"A", "B"}])
        lanes.add(["C"])
        lanes.remove(["A"])
        may_go.set()
        feed: Any = None  # nothing is being replaced
        await eventually_async(lambda: lanes.step(feed) or len(heard) == 4)
        assert heard == ["+A", "+B", "+C", "-A"]
        await lanes.stop()
