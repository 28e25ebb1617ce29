"""What decides about all clients of this process: keys, limits in use, the audit log. Made once; every connection gets a Member from it."""

from typing import TYPE_CHECKING

from gateway.access.addresses import client_address, counted_as, trusted
from gateway.access.audit import Audit
from gateway.access.grants import Grant, RefusedToken, anonymous_grant, grant_of, has_keys
from gateway.access.shared import Limits
from runtime.clock import Clock
from runtime.settings.access import AccessSettings

if TYPE_CHECKING:
    from gateway.access.tokens import TokenReader

CONNECTIONS = "connections"
SYMBOLS = "symbols"


class AccessControl:
    """Raises UserError at its making if a key cannot be used."""

    def __init__(self, settings: AccessSettings, clock: Clock, limits: Limits | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.audit = Audit(clock)
        self.limits = limits or Limits(clock)
        self._proxies = trusted(settings.trusted_proxies)
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
        return owner is None or await self.limits.claims.claim(
            CONNECTIONS, f"address:{owner}", [connection], self.settings.connections_per_address
        )

    def release_address(self, address: str, connection: str) -> None:
        owner = counted_as(address)
        if owner is not None:
            self.limits.claims.release(CONNECTIONS, f"address:{owner}", [connection])


def _reader(settings: AccessSettings, clock: Clock) -> "TokenReader":
    from gateway.access.tokens import TokenReader  # a tenth of the process's memory, for those who use tokens

    return TokenReader(settings, clock)
