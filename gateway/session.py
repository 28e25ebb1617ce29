"""One client: reads what it says, does it, answers. Nothing here waits for another client."""

import asyncio
from typing import Any

from websockets.exceptions import ConnectionClosed

from gateway import answers
from gateway.access.member import Member
from gateway.connection import Connection
from gateway.frames import frame_of_json
from gateway.joining import positions_in, start_all
from gateway.outbox import Outbox
from gateway.protocol import Action, Authenticate, BadMessage, ListSeries, Ping, Subscribe, Unsubscribe, parse
from gateway.selector import Selector
from gateway.services import Services
from gateway.subscription_limits import refuse_too_many
from gateway.urls import subscription_of
from gateway.views import Subscription
from runtime import metrics
from runtime.logs import get_logger

RESTART = 1001  # close code: the process ends
UNANSWERED = 1011  # close code: a ping had no answer
BAD_MESSAGES = 1008  # close code: one unusable message after another
_MAX_BAD_MESSAGES = 20
logger = get_logger()


class Session:
    """A connected client."""

    __slots__ = (
        "_address",
        "_bad_in_a_row",
        "_connection",
        "_eviction",
        "_member",
        "_outbox",
        "_sent_at_beat",
        "_services",
        "_subscriptions",
        "_wire",
    )

    def __init__(self, connection: Connection, member: Member, services: Services) -> None:
        self._connection = connection
        self._member = member
        self._services = services
        self._outbox = Outbox(connection, member, services.clock, services.settings, self._evict)
        self._subscriptions: dict[Selector, Subscription] = {}
        self._wire = connection.wire
        self._address = subscription_of(connection.request.path) if connection.request else None
        self._bad_in_a_row = 0
        self._eviction: asyncio.Task[None] | None = None
        self._sent_at_beat = 0
        member.end = self._evict

    async def run(self) -> None:
        """Until the client leaves or is closed. Never raises for what a client does."""
        try:
            await self._do_what_the_address_says()
            async for text in self._connection:
                await self._member.listen()
                await self._take(text)
                await self._outbox.answered()
        except (ConnectionClosed, OSError):
            pass  # without a close frame, or while its socket was full; the client is gone all the same
        finally:
            for selector in tuple(self._subscriptions):
                self._end(selector)
            self._outbox.close()

    def tell(self, message: bytes) -> None:
        """One message of the gateway's own, as JSON."""
        self._outbox.send(frame_of_json(message, self._wire))

    def check(self) -> None:
        """Every second, while something may wait for the client."""
        self._outbox.check()

    def ping(self) -> None:
        """Every so often: who has not answered the last one is gone."""
        if not self._connection.ping_again():
            self._evict(UNANSWERED, "no answer to a ping")

    def _evict(self, code: int, reason: str) -> None:
        if self._eviction is not None:
            return
        metrics.EVICTIONS.labels(str(code)).inc()
        logger.info("client_evicted", code=code, client=str(self._connection.id))
        self._close(code, reason)

    def _close(self, code: int, reason: str) -> None:
        self._outbox.close()
        self._eviction = asyncio.create_task(self._connection.close_soon(code, reason))

    def beat(self, message: bytes) -> None:
        """A heartbeat, if nothing else went since the last one."""
        if self._outbox.sent == self._sent_at_beat:
            self.tell(message)
        self._sent_at_beat = self._outbox.sent

    def restart(self, after_s: float) -> None:
        """The process ends: the client is told when to come back, and closed."""
        if self._eviction is None:
            self.tell(answers.reconnect(after_s))
            self._close(RESTART, "restart")

    @property
    def may_wait(self) -> bool:
        """False if nothing can wait for the client, which is so for most of them at any time, and quick to see."""
        return self._outbox.write is None

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

    async def _do_what_the_address_says(self) -> None:
        action = self._address
        if action is None or self._member.grant is None:  # who has to authenticate first gets the stream then
            return
        self._address = None
        try:
            await self._do(action)
        except BadMessage as bad:  # a limit of this client's; what is wrong with the address itself was refused at the handshake
            self.tell(answers.error(bad, action.id))

    async def _take(self, text: str | bytes) -> None:
        action: Action | None = None
        try:
            action = parse(text, is_binary=self._wire.is_binary)
            await self._do(action)
            self._bad_in_a_row = 0
        except BadMessage as bad:
            self._bad_in_a_row += 1
            self.tell(answers.error(bad, action.id if action else None))
            if self._bad_in_a_row >= _MAX_BAD_MESSAGES:
                self._evict(BAD_MESSAGES, "too many unusable messages")

    async def _do(self, action: Action) -> None:
        if isinstance(action, Authenticate):
            await self._authenticate(action)
        elif isinstance(action, Ping):
            self.tell(answers.pong(self._services.clock.now_ns(), action.id))
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
        self._outbox.look()
        self.tell(answers.authenticated(grant, action.id))
        for selector in tuple(self._subscriptions):
            self._member.leave(selector)
            try:
                await self._member.admit(selector)
            except BadMessage as bad:
                self._end(selector)
                self.tell(answers.error(bad))
                self.tell(answers.unsubscribed(selector.describe(), None))
        await self._do_what_the_address_says()

    async def _subscribe(self, action: Subscribe) -> None:
        """Answer, then one snapshot a series, or what was missed of it, each at the moment from which its updates follow."""
        selector = Selector.of(action, self._wire)
        positions = positions_in(action, selector)
        await self._services.loaded.wait()  # right after a start the history is not read yet
        self._end(selector)
        refuse_too_many(selector, self._subscriptions, self._services.settings)
        await self._member.admit(selector)
        subscription = self._subscriptions[selector] = Subscription(self._outbox, selector)
        self._services.feed.catch_up(selector)
        views = self._services.hub.add(subscription, positions)
        self.tell(answers.subscribed(selector.describe(), action.id))
        await start_all(self._services, subscription, views, action, positions)

    def _unsubscribe(self, action: Unsubscribe) -> None:
        selector = Selector.of(action, self._wire)
        if not self._end(selector):
            raise BadMessage("not_subscribed", "there is no such subscription; `list` shows those of this connection", "symbol")
        self.tell(answers.unsubscribed(selector.describe(), action.id))

    def _end(self, selector: Selector) -> bool:
        subscription = self._subscriptions.pop(selector, None)
        if subscription is not None:
            self._services.hub.remove(subscription)
            self._member.leave(selector)
        return subscription is not None

    def _list(self, action: ListSeries) -> None:
        own = [selector.describe() for selector in self._subscriptions]
        self.tell(answers.series_list(self._services.listing.made(), own, action.id))
