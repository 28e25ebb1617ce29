"""One client: reads what it says, answers, and passes on what the hub has for it. Nothing here waits for another client."""

import asyncio
from typing import Any

from websockets.exceptions import ConnectionClosed

from gateway import answers
from gateway.connection import Connection
from gateway.feed import Feed
from gateway.frames import text_frame
from gateway.hub import Hub, Subscription
from gateway.protocol import Action, BadMessage, ListSeries, Ping, RequestId, Subscribe, Unsubscribe, parse
from gateway.queues import ClientQueue
from gateway.selector import Selector
from runtime import metrics
from runtime.clock import Clock
from runtime.logs import get_logger
from runtime.settings import GatewaySettings

BEHIND = 4008  # close code: more waited for the client than it may have waiting
BAD_MESSAGES = 1008  # close code: one unusable message after another
_MAX_BAD_MESSAGES = 20
logger = get_logger()


class Session:
    """A connected client; a gateway.hub.Receiver."""

    def __init__(
        self, connection: Connection, hub: Hub, feed: Feed, clock: Clock, settings: GatewaySettings, loaded: asyncio.Event
    ) -> None:
        self._connection = connection
        self._hub = hub
        self._feed = feed
        self._clock = clock
        self._settings = settings
        self._loaded = loaded
        self._queue = ClientQueue(settings.queue_messages)
        self._subscriptions: dict[Selector, Subscription] = {}
        self._bad_in_a_row = 0
        self._eviction: asyncio.Task[None] | None = None
        connection.on_writable = self._write_waiting

    async def run(self) -> None:
        """Until the client leaves or is closed. Never raises for what a client does."""
        try:
            async for text in self._connection:
                await self._take(text)
                await self._drained()
        except ConnectionClosed:
            pass  # without a close frame; the client is gone all the same
        finally:
            for subscription in self._subscriptions.values():
                self._hub.remove(subscription)
            self._subscriptions.clear()
            self._queue.clear()

    def send(self, frames: bytes, messages: int = 1) -> None:
        """Writes, or queues behind what waits, or evicts."""
        connection = self._connection
        if self._eviction is not None or not connection.is_open:
            return
        if connection.is_writable and not self._queue:
            connection.write_frames(frames)
        elif not self._queue.put(frames, messages):
            self._evict(BEHIND, "behind: reconnect and subscribe again")

    def _write_waiting(self) -> None:
        connection = self._connection
        while self._queue and connection.is_open and connection.is_writable:
            connection.write_frames(self._queue.pop())

    async def _drained(self) -> None:
        """A client that asks for more than it reads waits for itself."""
        while self._connection.is_open and (self._queue or not self._connection.is_writable):
            await self._connection.drain()

    def _evict(self, code: int, reason: str) -> None:
        self._queue.clear()
        metrics.EVICTIONS.labels(str(code)).inc()
        logger.info("client_evicted", code=code, client=str(self._connection.id))
        self._eviction = asyncio.create_task(self._connection.close_soon(code, reason))

    async def _take(self, text: str | bytes) -> None:
        try:
            action = parse(text)
            await self._do(action)
            self._bad_in_a_row = 0
        except BadMessage as bad:
            self._bad_in_a_row += 1
            self._answer(answers.error(bad))
            if self._bad_in_a_row >= _MAX_BAD_MESSAGES and self._eviction is None:
                self._evict(BAD_MESSAGES, "too many unusable messages")

    def _answer(self, message: bytes) -> None:
        self.send(text_frame(message))

    async def _do(self, action: Action) -> None:
        if isinstance(action, Subscribe):
            await self._subscribe(action)
        elif isinstance(action, Unsubscribe):
            self._unsubscribe(action)
        elif isinstance(action, Ping):
            self._answer(answers.pong(self._clock.now_ns(), action.id))
        else:
            self._list(action)

    async def _subscribe(self, action: Subscribe) -> None:
        """Answer, then one snapshot a series, each at the moment from which its updates follow."""
        selector = Selector.of(action)
        await self._loaded.wait()  # right after a start the history is not read yet
        self._end(selector)
        self._refuse_too_many(selector)
        subscription = self._subscriptions[selector] = Subscription(self, selector)
        self._feed.catch_up(selector)
        views = self._hub.add(subscription)
        self._answer(answers.subscribed(selector.describe(), action.id))
        for view in views:
            self._hub.attach(subscription, view)
            self.send(self._hub.snapshot(view, selector.variant, self._depth(action, selector)))
            await self._drained()

    def _depth(self, action: Subscribe, selector: Selector) -> int:
        default = 1 if selector.any_symbol else self._settings.snapshot_bars
        return min(default if action.snapshot is None else action.snapshot, self._settings.snapshot_bars)

    def _refuse_too_many(self, selector: Selector) -> None:
        limit = self._settings.max_subscriptions
        if sum(each.weight for each in self._subscriptions) + selector.weight > limit:
            raise BadMessage(
                "too_many_subscriptions", f"a connection may name {limit} series; unsubscribe some or use a wildcard", "symbol"
            )

    def _unsubscribe(self, action: Unsubscribe) -> None:
        selector = Selector.of(action)
        if not self._end(selector):
            raise BadMessage("not_subscribed", "there is no such subscription; `list` shows those of this connection", "symbol")
        self._answer(answers.unsubscribed(selector.describe(), action.id))

    def _end(self, selector: Selector) -> bool:
        subscription = self._subscriptions.pop(selector, None)
        if subscription is not None:
            self._hub.remove(subscription)
        return subscription is not None

    def _list(self, action: ListSeries) -> None:
        own: list[dict[str, Any]] = [selector.describe() for selector in self._subscriptions]
        request: RequestId = action.id
        self._answer(answers.series_list(self._hub.series(), own, request))
