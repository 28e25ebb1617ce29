"""What decides about all clients of this process: keys, limits in use, the audit log. Made once; every connection gets a Member from it."""

from collections import Counter
from typing import TYPE_CHECKING

from gateway.access.addresses import client_address, counted_as, trusted
from gateway.access.audit import Audit
from gateway.access.claims import Claims, LocalClaims
from gateway.access.grants import Grant, RefusedToken, anonymous_grant, grant_of, has_keys
from gateway.access.pace import Pace
from runtime.access_settings import AccessSettings
from runtime.clock import Clock

if TYPE_CHECKING:
    from gateway.access.tokens import TokenReader

CONNECTIONS = "connections"
SYMBOLS = "symbols"
_SWEEP_PACES = 1000


class AccessControl:
    """Raises UserError at its making if a key cannot be used."""

    def __init__(self, settings: AccessSettings, clock: Clock, claims: Claims | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.audit = Audit(clock)
        self.claims: Claims = claims or LocalClaims()
        self._proxies = trusted(settings.trusted_proxies)
        self._paces: dict[str, Pace] = {}
        self._users_of_pace: Counter[str] = Counter()
        self._sweep_at = _SWEEP_PACES
        self._reader = _reader(settings, clock) if has_keys(settings) else None

    def address_of(self, peer: str, forwarded: list[str]) -> str:
        """Where the client is, behind proxies that are trusted."""
        return client_address(peer, forwarded, self._proxies)

    def anonymous(self, address: str) -> Grant | None:
        """What a client without a token may; None: nothing."""
        return anonymous_grant(self.settings, address)

    async def grant(self, token: str) -> Grant:
        """Raises RefusedToken."""
        if self._reader is None:
            raise RefusedToken("no_keys", "this gateway has no key to check tokens with; no token is needed")
        return grant_of(await self._reader.claims(token), self.settings)

    async def claim_address(self, address: str, connection: str) -> bool:
        """Room for one more connection of this address?"""
        owner = counted_as(address)
        return owner is None or await self.claims.claim(
            CONNECTIONS, f"address:{owner}", [connection], self.settings.connections_per_address
        )

    def release_address(self, address: str, connection: str) -> None:
        owner = counted_as(address)
        if owner is not None:
            self.claims.release(CONNECTIONS, f"address:{owner}", [connection])

    def borrow_pace(self, grant: Grant) -> Pace | None:
        """The pace that all connections of the user share; None: no limit. To be given back."""
        if not grant.limits.messages_per_s:
            return None
        pace = self._paces.get(grant.user)
        if pace is None:
            self._forget_rested()
            pace = self._paces[grant.user] = Pace(grant.limits.messages_per_s, self.clock)
        pace.per_s = grant.limits.messages_per_s  # the newest token's
        self._users_of_pace[grant.user] += 1
        return pace

    def return_pace(self, grant: Grant) -> None:
        """Kept until its bucket is full again: connecting anew must not fill it."""
        if grant.limits.messages_per_s:
            self._users_of_pace[grant.user] -= 1

    def _forget_rested(self) -> None:
        if len(self._paces) < self._sweep_at:
            return
        for user in [user for user, pace in self._paces.items() if not self._users_of_pace[user] and pace.is_full()]:
            del self._paces[user], self._users_of_pace[user]
        self._sweep_at = max(_SWEEP_PACES, 2 * len(self._paces))


def _reader(settings: AccessSettings, clock: Clock) -> "TokenReader":
    from gateway.access.tokens import TokenReader  # a tenth of the process's memory, for those who use tokens

    return TokenReader(settings, clock)
