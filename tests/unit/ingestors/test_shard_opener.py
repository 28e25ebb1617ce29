"""Connections that are opened: numbered, of a group, and their queues share what the source may hold."""

import asyncio
from typing import Any

import pytest

from ingestors.session import Session
from ingestors.shard import Shard
from ingestors.shard_opener import Limits, ShardOpener
from runtime.clock import SystemClock


class Never(Session):
    """Never finds out where to connect to. groups: of those that tried."""

    def __init__(self, groups: list[str]) -> None:
        self._groups = groups

    async def address(self, symbols: Any) -> str:
        self._groups.append(self.group)
        await asyncio.Event().wait()
        return ""

    def subscribe(self, symbols: Any, first: bool) -> list[Any]:
        return []

    unsubscribe = subscribe

    def parse(self, frame: bytes, received_ns: int) -> Any:
        return []


def opener(groups: list[str] | None = None, wake: asyncio.Event | None = None) -> ShardOpener:
    limits, found = Limits(1_000, 4 * 1024 * 1024, 10_000, 30.0, 10), groups if groups is not None else []
    return ShardOpener(lambda: Never(found), limits, SystemClock(), wake or asyncio.Event(), lambda symbols: True)


async def ended(*shards: Shard) -> None:
    for shard in shards:
        shard.task.cancel()
    await asyncio.gather(*(shard.task for shard in shards), return_exceptions=True)


async def test_each_has_a_number_and_its_group_and_its_end_is_told() -> None:
    groups, wake = list[str](), asyncio.Event()
    open_one = opener(groups, wake).open
    shards = [open_one(["BTC-USD"], "pairs"), open_one({"AAPL"}, "", standby=True)]
    assert [(shard.lane.number, shard.lane.symbols, shard.lane.standby) for shard in shards] == [
        (1, {"BTC-USD"}, False),
        (2, {"AAPL"}, True),
    ]
    await asyncio.sleep(0)
    assert groups == ["pairs", ""]
    assert not wake.is_set()
    await ended(*shards)
    await asyncio.wait_for(wake.wait(), 1)


@pytest.mark.parametrize(
    ("number", "frames", "size_bytes"), [(1, 1_000, 4 * 1024 * 1024), (4, 250, 1024 * 1024), (20, 100, 256 * 1024)], ids=str
)
async def test_queues_share_what_the_source_may_hold_and_no_queue_is_too_small(number: int, frames: int, size_bytes: int) -> None:
    opened = opener()
    shards = [opened.open([f"S{one}"], "") for one in range(number)]
    opened.share_queues(shards)
    assert {(shard.lane.queue.limit, shard.lane.queue.limit_bytes) for shard in shards} == {(frames, size_bytes)}
    await ended(*shards)
