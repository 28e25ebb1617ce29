"""One connection's rights: who it is, what it may subscribe to, how fast it may go.

They change when it authenticates again, and end when its token does.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from gateway.access.addresses import counted_as
from gateway.access.control import CONNECTIONS, SYMBOLS, AccessControl
from gateway.access.deadline import Deadline
from gateway.access.grants import Grant, RefusedToken
from gateway.access.pace import Pace
from gateway.access.scopes import refused
from gateway.protocol import BadMessage
from gateway.selector import Selector

UNAUTHENTICATED = 4401  # close code: no token in time, the token has expired, or one refused token after another
_MOST_REFUSED_TOKENS = 5


class Member:
    """end(code, reason): closes the connection; set by the session. Every claim is given back by `close`."""

    def __init__(self, control: AccessControl, connection: str, address: str) -> None:
        self._control = control
        self._connection = connection
        self.address = address
        self.grant: Grant | None = None
        self.pace: Pace | None = None
        self.is_closed = False
        self._is_address_counted = False
        self.end: Callable[[int, str], None] = lambda _code, _reason: None
        self._held: dict[Selector, str] = {}
        self._refused_tokens = 0
        self._deadline = Deadline(control.clock)
        self._listening = Pace(control.settings.client_messages_per_s, control.clock)

    async def count_address(self) -> bool:
        """False: the address has as many connections as it may have."""
        self._is_address_counted = await self._control.claim_address(self.address, self._connection)
        return self._is_address_counted

    async def enter(self, token: str | None) -> None:
        """At the handshake. Raises RefusedToken; without a token the client is anonymous, or has to authenticate soon."""
        anonymous = self._control.anonymous(self.address)
        if token is not None:
            await self._become(await self._control.grant(token))
        elif anonymous is not None:
            await self._become(anonymous)
        else:
            now_s = self._control.clock.now_ns() / 1e9
            self._deadline.set(now_s + self._control.settings.authenticate_within_s, self._end_unauthenticated)

    async def authenticate(self, token: str) -> Grant:
        """A new token in the middle of the connection: the same user's, or an anonymous client's first. Raises BadMessage."""
        try:
            grant = await self._control.grant(token)
            if self.grant and not self.grant.is_anonymous and grant.user != self.grant.user:
                raise RefusedToken("other_user", "the token is another user's; open a connection for each user")
            await self._become(grant)
        except RefusedToken as error:
            self._count_refused(error)
            raise BadMessage(error.code, str(error), "token") from None
        finally:
            if self.is_closed:  # the client left while we waited: what came of it since is given back as well
                self.close()
        self._refused_tokens = 0
        return grant

    async def _become(self, grant: Grant) -> None:
        limit = grant.limits.connections
        is_other_user = self.grant is None or self.grant.user != grant.user
        if is_other_user and not await self._control.limits.claims.claim(CONNECTIONS, grant.user, [self._connection], limit):
            raise RefusedToken("too_many_connections", f"the {grant.tier} tier has {limit} connections at a time; close another one")
        pace = await self._control.limits.paces.borrow(grant)  # before the last one goes back: a new token must not fill the bucket again
        if self.grant is not None:  # looked at anew: `close`, while we waited, has given back what it was
            self._give_back(self.grant, is_other_user)
        self.grant, self.pace = grant, pace
        self._control.audit.allowed("authenticate", **self.describe())
        expires_s = None if grant.expires_s is None else grant.expires_s + self._control.settings.leeway_s
        self._deadline.set(expires_s, self._end_expired)

    def check(self) -> Grant:
        """Raises BadMessage for a client that has to authenticate first."""
        if self.grant is None:
            raise BadMessage("not_authenticated", "send a token first: action authenticate", "action")
        return self.grant

    async def admit(self, selector: Selector) -> None:
        """Room and right for a subscription. Raises BadMessage. To be left again."""
        try:
            await self._admit(self.check(), selector)
        except BadMessage as bad:
            self._control.audit.refused("subscribe", bad.code, **self.describe(), **_shown(selector))
            raise
        self._control.audit.allowed("subscribe", **self.describe(), **_shown(selector))

    async def _admit(self, grant: Grant, selector: Selector) -> None:
        symbol = refused(grant.ceilings, selector.channel, selector.symbols)
        if symbol is not None:
            raise BadMessage("forbidden", f"your token does not cover {selector.channel}:{symbol}", "symbol")
        limit = grant.limits.symbols
        if limit and selector.any_symbol:
            raise BadMessage("tier_limit", f"the {grant.tier} tier names its symbols, {limit} at most", "symbol")
        ways = self._control.limits.ways
        ways.take(grant.user, selector, self._most_ways(grant))
        if not await self._control.limits.claims.claim(SYMBOLS, grant.user, selector.symbols, limit):
            ways.leave(grant.user, selector)
            raise BadMessage("tier_limit", f"the {grant.tier} tier has {limit} symbols at a time; unsubscribe some", "symbol")
        self._held[selector] = grant.user

    def _most_ways(self, grant: Grant) -> int:
        """Who is anonymous on this machine may be anybody behind a proxy: its connections have their own limit only."""
        is_counted = not grant.is_anonymous or counted_as(self.address) is not None
        return self._control.settings.variants_per_user if is_counted else sys.maxsize

    def leave(self, selector: Selector) -> None:
        """The subscription ended. Nothing to do if it was never admitted."""
        owner = self._held.pop(selector, None)
        if owner is not None:
            self._control.limits.ways.leave(owner, selector)
            self._control.limits.claims.release(SYMBOLS, owner, selector.symbols)

    async def listen(self) -> None:
        """Waits until the client may say the next thing: what floods waits in its own socket."""
        wait_s = self._listening.wait_s()
        if wait_s:
            await asyncio.sleep(wait_s)
        self._listening.charge(1)

    def close(self) -> None:
        """The connection is gone. Again: gives back what came since."""
        self.is_closed = True
        self._deadline.clear()
        if self._is_address_counted:
            self._control.release_address(self.address, self._connection)
        self._is_address_counted = False
        for selector in tuple(self._held):
            self.leave(selector)
        if self.grant is not None:
            self._give_back(self.grant, True)
        self.grant = self.pace = None

    def _give_back(self, grant: Grant, leaves: bool) -> None:
        self._control.limits.paces.give_back(grant)
        if leaves:
            self._control.limits.claims.release(CONNECTIONS, grant.user, [self._connection])

    def _end_expired(self) -> None:
        self._control.audit.refused("stay", "token_expired", **self.describe())
        self.end(UNAUTHENTICATED, "the token has expired: get a new one and connect again")

    def _end_unauthenticated(self) -> None:
        self._control.audit.refused("stay", "not_authenticated", **self.describe())
        self.end(UNAUTHENTICATED, "no token in time")

    def _count_refused(self, error: RefusedToken) -> None:
        self._refused_tokens += 1
        self._control.audit.refused("authenticate", error.code, **self.describe())
        if self._refused_tokens >= _MOST_REFUSED_TOKENS:
            self.end(UNAUTHENTICATED, "one refused token after another")

    def describe(self) -> dict[str, Any]:
        """Who it is, for the audit log and for operators; nothing of a token but its number."""
        who: dict[str, Any] = {"client": self._connection, "address": self.address}
        if self.grant is not None:
            who |= {"user": self.grant.user, "tier": self.grant.tier, "token_id": self.grant.token_id}
        return who


def _shown(selector: Selector) -> dict[str, Any]:
    """A selection as the audit log shows it."""
    said = selector.describe()
    return {name: said[name] for name in ("channel", "symbol", "source", "timeframe") if name in said}
