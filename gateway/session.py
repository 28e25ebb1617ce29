"""One client: reads what it says, answers, and passes on what the hub has for it. Nothing here waits for another client."""

import asyncio
from typing import Any

from websockets.exceptions import ConnectionClosed

from gateway import answers
from gateway.access.member import Member
from gateway.connection import Connection
from gateway.feed import Feed
from gateway.frames import text_frame
from gateway.hub import Hub, Subscription
from gateway.outbox import Outbox
from gateway.protocol import Action, Authenticate, BadMessage, ListSeries, Ping, RequestId, Subscribe, Unsubscribe, parse
from gateway.selector import Selector
from runtime import metrics
from runtime.clock import Clock
from runtime.logs import get_logger
from runtime.settings import GatewaySettings

BEHIND = 4008  # close code: more waited for the client than it may have waiting
RESTART = 1001  # close code: the process ends
BAD_MESSAGES = 1008  # close code: one unusable message after another
_MAX_BAD_MESSAGES = 20
logger = get_logger()


class Session:
    """A connected client."""

    def __init__(
        self, connection: Connection, member: Member, hub: Hub, feed: Feed, clock: Clock, settings: GatewaySettings, loaded: asyncio.Event
    ) -> None:
        self._connection = connection
        self._member = member
        self._hub = hub
        self._feed = feed
        self._clock = clock
        self._settings = settings
        self._loaded = loaded
        self._outbox = Outbox(connection, member, settings.queue_messages, self._evict_behind)
        self._subscriptions: dict[Selector, Subscription] = {}
        self._bad_in_a_row = 0
        self._eviction: asyncio.Task[None] | None = None
        self._sent_at_beat = 0
        member.end = self._evict

    async def run(self) -> None:
        """Until the client leaves or is closed. Never raises for what a client does."""
        try:
            async for text in self._connection:
                await self._member.listen()
                await self._take(text)
                await self._outbox.writable()
        except ConnectionClosed:
            pass  # without a close frame; the client is gone all the same
        finally:
            for selector in tuple(self._subscriptions):
                self._end(selector)
            self._outbox.close()

    def send(self, frames: bytes) -> None:
        """One message of the gateway's own."""
        self._outbox.send(frames)

    def _evict_behind(self) -> None:
        self._evict(BEHIND, "behind: reconnect and subscribe again")

    def _evict(self, code: int, reason: str) -> None:
        if self._eviction is not None:
            return
        metrics.EVICTIONS.labels(str(code)).inc()
        logger.info("client_evicted", code=code, client=str(self._connection.id))
        self._close(code, reason)

    def _close(self, code: int, reason: str) -> None:
        self._outbox.close()
        self._eviction = asyncio.create_task(self._connection.close_soon(code, reason))

    def beat(self, frame: bytes) -> None:
        """A heartbeat, if nothing else went since the last one."""
        if self._outbox.sent == self._sent_at_beat:
            self._outbox.send(frame)
        self._sent_at_beat = self._outbox.sent

    def restart(self, after_s: float) -> None:
        """The process ends: the client is told when to come back, and closed."""
        if self._eviction is None:
            self._outbox.send(text_frame(answers.reconnect(after_s)))
            self._close(RESTART, "restart")

    @property
    def waiting(self) -> int:
        """Messages."""
        return self._outbox.waiting

    @property
    def tier(self) -> str:
        """`none` before it has one."""
        return self._member.grant.tier if self._member.grant else "none"

    def describe(self) -> dict[str, Any]:
        """For operators."""
        connection = {"age_s": round(self._connection.age_s, 1), "ping_s": round(self._connection.latency, 4)}
        counts = {"subscriptions": len(self._subscriptions), "sent": self._outbox.sent, "waiting": self.waiting}
        return self._member.describe() | connection | counts | {"is_closing": self._eviction is not None}

    async def _take(self, text: str | bytes) -> None:
        try:
            action = parse(text)
            await self._do(action)
            self._bad_in_a_row = 0
        except BadMessage as bad:
            self._bad_in_a_row += 1
            self._answer(answers.error(bad))
            if self._bad_in_a_row >= _MAX_BAD_MESSAGES:
                self._evict(BAD_MESSAGES, "too many unusable messages")

    def _answer(self, message: bytes) -> None:
        self._outbox.send(text_frame(message))

    async def _do(self, action: Action) -> None:
        if isinstance(action, Authenticate):
            await self._authenticate(action)
        elif isinstance(action, Ping):
            self._answer(answers.pong(self._clock.now_ns(), action.id))
        else:
            self._member.check()
            await self._do_known(action)

    async def _do_known(self, action: Subscribe | Unsubscribe | ListSeries) -> None:
        if isinstance(action, Subscribe):
            await self._subscribe(action)
        elif isinstance(action, Unsubscribe):
            self._unsubscribe(action)
        else:
            self._list(action)

    async def _authenticate(self, action: Authenticate) -> None:
        """Subscriptions that the new token does not cover end, each with its reason."""
        grant = await self._member.authenticate(action.token)
        self._answer(answers.authenticated(grant, action.id))
        for selector in tuple(self._subscriptions):
            self._member.leave(selector)
            try:
                await self._member.admit(selector)
            except BadMessage as bad:
                self._end(selector)
                self._answer(answers.error(bad))
                self._answer(answers.unsubscribed(selector.describe(), None))

    async def _subscribe(self, action: Subscribe) -> None:
        """Answer, then one snapshot a series, each at the moment from which its updates follow."""
        selector = Selector.of(action)
        await self._loaded.wait()  # right after a start the history is not read yet
        self._end(selector)
        self._refuse_too_many(selector)
        await self._member.admit(selector)
        subscription = self._subscriptions[selector] = Subscription(self._outbox, selector)
        self._feed.catch_up(selector)
        views = self._hub.add(subscription)
        self._answer(answers.subscribed(selector.describe(), action.id))
        for view in views:
            self._hub.attach(subscription, view)
            self._outbox.send(self._hub.snapshot(view, selector.variant, self._depth(action, selector)))
            await self._outbox.room()

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
            self._member.leave(selector)
        return subscription is not None

    def _list(self, action: ListSeries) -> None:
        own: list[dict[str, Any]] = [selector.describe() for selector in self._subscriptions]
        request: RequestId = action.id
        self._answer(answers.series_list(self._hub.series(), own, request))
