"""Faust's consumer with a shorter way from the fetched batch to the agent.

Faust waits for each message with four tasks, three of which it cancels, and between two fetches with a time-out of nought. Under load that is nothing; where one
bar closes and the caches are cold it took half a millisecond of the two that a stage needs. See docs/adr/0002.
"""

import asyncio
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import ConsumerMessage


class DrainingConsumer(driver.Consumer):  # type: ignore[misc]  # Faust is untyped
    """Commits by the interval alone, not also every so many acknowledgements: one is a batch here. Nor does it look for messages that were read before: the batches
    follow each other."""

    async def _drain_messages(self, fetcher: Any) -> None:
        """Until this consumer or its fetcher stops: what `getmany` yields goes to the agent's queue, in order."""
        interrupted = asyncio.ensure_future(self._interrupted())
        try:
            while not (self.should_stop or fetcher.should_stop):
                await asyncio.sleep(0)
                async for _, message in self.getmany(timeout=1.0):
                    if interrupted.done():
                        interrupted = asyncio.ensure_future(self._interrupted())
                    await self._hand_on(message, interrupted)
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise
        finally:
            interrupted.cancel()

    async def _hand_on(self, message: ConsumerMessage, interrupted: asyncio.Future[None]) -> None:
        """Waits while the queue is full, but not beyond an interruption: the message is of an older generation then, or nobody's any more."""
        handed = asyncio.ensure_future(self.callback(message))
        try:
            await asyncio.wait((handed, interrupted), return_when=asyncio.FIRST_COMPLETED)
            if handed.done():
                handed.result()
        finally:
            handed.cancel()

    async def _interrupted(self) -> None:
        """Returns when a rebalance begins, and when the consumer stops or crashes."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self.suspend_flow, self._stopped, self._crashed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
