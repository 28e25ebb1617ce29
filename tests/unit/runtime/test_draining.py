"""Batches reach the agent's queue in order; one that finds it full is let go when a rebalance begins."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.faust_stage.draining import DrainingConsumer


class Fetched(DrainingConsumer):
    """Yields these messages once, then stops. queue: what the agent would read, with room for two."""

    def __init__(self, messages: Iterable[Any]) -> None:  # Faust's own start needs an app
        self.messages = messages
        self.queue: asyncio.Queue[Any] = asyncio.Queue(2)
        self.suspend_flow, self._stopped, self._crashed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.transport: Any = SimpleNamespace(app=SimpleNamespace(should_stop=False))
        self.callback = self.queue.put

    @property
    def should_stop(self) -> bool:
        return self._stopped.is_set()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[None, Any]]:
        for message in self.messages:
            yield None, SimpleNamespace(offset=message)
        self._stopped.set()

    async def read(self) -> int:
        return int((await self.queue.get()).offset)

    async def drain(self) -> None:
        await self._drain_messages(SimpleNamespace(should_stop=False))


async def test_all_messages_go_on_in_their_order() -> None:
    consumer = Fetched(range(5))
    draining = asyncio.create_task(consumer.drain())
    assert [await consumer.read() for _ in range(5)] == [0, 1, 2, 3, 4]
    await draining
    assert consumer.queue.empty()


async def test_a_message_that_finds_the_queue_full_is_let_go_when_a_rebalance_begins() -> None:
    consumer = Fetched(range(4))
    draining = asyncio.create_task(consumer.drain())
    await asyncio.sleep(0.01)
    assert consumer.queue.full()
    consumer.suspend_flow.set()  # message 2 waits; and 3 does not wait long while the flow is suspended
    await draining
    assert [await consumer.read() for _ in range(2)] == [0, 1]
    assert consumer.queue.empty()


async def test_after_a_rebalance_it_waits_for_room_again() -> None:
    consumer = Fetched(range(4))
    draining = asyncio.create_task(consumer.drain())
    await asyncio.sleep(0.01)
    consumer.suspend_flow.set()
    consumer.suspend_flow.clear()
    await asyncio.sleep(0.01)
    assert not draining.done()
    assert [await consumer.read() for _ in range(3)] == [0, 1, 3]
    await draining


async def test_what_the_queue_raises_ends_it() -> None:
    consumer = Fetched(range(2))

    async def refuse(_: object) -> None:
        raise RuntimeError("no such topic")

    consumer.callback = refuse
    with pytest.raises(RuntimeError, match="no such topic"):
        await consumer.drain()


@pytest.mark.parametrize("is_stopping", [True, False])
async def test_a_cancellation_is_passed_on_unless_the_app_stops(is_stopping: bool) -> None:
    consumer = Fetched(range(4))
    consumer.transport.app.should_stop = is_stopping
    draining = asyncio.create_task(consumer.drain())
    await asyncio.sleep(0.01)
    draining.cancel()
    await asyncio.wait([draining])
    assert draining.cancelled() is not is_stopping
    assert [await consumer.read() for _ in range(2)] == [0, 1]
    assert consumer.queue.empty()  # message 2 waits no longer
