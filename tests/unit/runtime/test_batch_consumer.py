"""How long a stage waits between two fetches: latency while records trickle, throughput while envelopes have grown. And records that a rebalance cuts off."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types.tuples import TP

from runtime.faust_stage.batch_consumer import BatchConsumer, pause_after


def fetched(*partitions: list[int]) -> list[list[SimpleNamespace]]:
    """Records of these sizes; -1: a null value."""
    return [[SimpleNamespace(value=None if size < 0 else b"x" * size) for size in sizes] for sizes in partitions]


@pytest.mark.parametrize(
    ("sizes", "pause_s"),
    [
        ([], 0.0),
        ([[300]], 0.001),
        ([[300], [-1, 300]], 0.001),
        ([[300] * 25, [300] * 25], 0.0),
        ([[300] * 500], 0.0),
        ([[270_000]], 0.02),
        ([[70_000]], 0.001),
        ([[140_000], [140_000]], 0.02),
        ([[70_000] * 50], 0.0),
    ],
)
def test_the_pause_follows_what_was_fetched(sizes: list[list[int]], pause_s: float) -> None:
    assert pause_after(fetched(*sizes), 0.001) == pause_s


def test_a_stage_that_is_slower_anyway_keeps_its_pace() -> None:
    assert pause_after(fetched([70_000]), 0.05) == 0.05


class CutOff(BatchConsumer):
    """Without Faust beneath: fetches come from a list, and a new generation begins while the first is on its way."""

    should_stop, flow_active = False, True

    def __init__(self, *fetches: dict[TP, list[SimpleNamespace]]) -> None:
        self.app = SimpleNamespace(consumer_generation_id=1)
        self._stage: Any = SimpleNamespace(pace_s=0.0)
        self._pause_s, self._jumps, self._left_out = 0.0, {}, set()
        self._expected = {tp: 5 for fetch in fetches for tp in fetch}
        self.fetches, self.seeks = list(fetches), list[Mapping[TP, int]]()

    async def _wait_next_records(self, timeout: float) -> Any:
        self.app.consumer_generation_id = 2
        return self.fetches.pop(0), None

    def assignment(self) -> set[TP]:
        return set(self._expected)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        self.seeks.append(dict(partitions))


async def test_records_that_a_new_generation_cut_off_are_fetched_again_though_nothing_follows_them() -> None:
    tp = TP("ticks", 0)
    record = SimpleNamespace(offset=5, value=b"x", timestamp=0, timestamp_type=0)
    consumer = CutOff({tp: [record]}, {tp: [record]})
    assert [found async for found in consumer.getmany(1.0)] == []
    assert consumer.seeks == []
    assert [message.offset async for _, message in consumer.getmany(1.0)] == [5]
    assert consumer.seeks == [{tp: 5}]


class Committing(BatchConsumer):
    """Without Faust beneath: what it would commit is kept, and takes until `done`."""

    def __init__(self, rests: bool) -> None:
        self.app: Any = SimpleNamespace(client_only=False)
        self._stage: Any = SimpleNamespace(rests=lambda: rests)
        self._commit_fut = None
        self.loop = asyncio.get_running_loop()
        self.done = asyncio.Event()
        self.begun: list[bool] = []

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        self.begun.append(start_new_transaction)
        await self.done.wait()
        return True


@pytest.mark.parametrize("rests", [True, False])
async def test_a_commit_is_left_out_while_the_stage_rests_but_the_last_one_is_not(rests: bool) -> None:
    consumer = Committing(rests)
    consumer.done.set()
    assert await consumer.commit() is not rests
    await consumer.commit_and_end_transactions()
    assert consumer.begun == [*([] if rests else [True]), False]


async def test_the_last_commit_follows_one_that_is_under_way() -> None:
    consumer = Committing(rests=False)
    timer, last = asyncio.create_task(consumer.commit()), asyncio.create_task(consumer.commit_and_end_transactions())
    await asyncio.sleep(0)
    assert consumer.begun == [True]
    consumer.done.set()
    await asyncio.gather(timer, last)
    assert consumer.begun == [True, False]
