"""Limits that hold over all gateway processes, where there is a Redis to share them through; else each process counts its own."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.access.claims import Claims, LocalClaims, SharedClaims
from gateway.access.grants import anonymous_tier, has_keys
from gateway.access.paces import Paces
from gateway.access.ways import Ways
from runtime.addresses import redis_address
from runtime.clock import Clock
from runtime.settings import Settings

if TYPE_CHECKING:
    from gateway.access.store import Store

_REFRESH_EVERY_S = 10.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Limits:
    """What is in use of the limits that connections share."""

    def __init__(self, clock: Clock, store: "Store | None" = None) -> None:
        self._store = store
        self._shared = None if store is None else SharedClaims(store)
        self.claims: Claims = self._shared or LocalClaims()
        self.paces = Paces(clock, store)
        self.ways = Ways()

    async def run(self) -> None:
        """Keeps what is held known to the other processes. Until cancelled."""
        if self._shared is not None:
            await asyncio.gather(self._keep_refreshing(self._shared), self.paces.keep_leasing())

    async def stop(self) -> None:
        """Gives back what is still held, for a process that starts in our place."""
        if self._shared is not None and self._store is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._shared.give_up(), 1)
            await self._store.close()

    async def _keep_refreshing(self, shared: SharedClaims) -> None:
        while True:
            await asyncio.sleep(_REFRESH_EVERY_S)
            await shared.refresh()


def limits_of(settings: Settings, clock: Clock) -> Limits:
    """Shared where an address of Redis is known and something is limited at all."""
    url = redis_address(settings)
    if url is None or not _is_limited(settings):
        return Limits(clock)
    from gateway.access.store import Store  # not for those who run without: memory, and time at the start

    return Limits(clock, Store(url, settings.redis, clock))


def _is_limited(settings: Settings) -> bool:
    """Addresses of this machine are not counted, so a gateway that only they reach counts none."""
    access = settings.gateway.access
    counts_addresses = access.connections_per_address and (access.trusted_proxies or settings.gateway.host not in _LOOPBACK)
    return has_keys(access) or anonymous_tier(access) != "enterprise" or bool(counts_addresses)
