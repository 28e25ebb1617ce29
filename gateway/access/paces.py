"""The paces of all users of this process, each kept until its bucket is full again: connecting anew must not fill it."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.access.away import StoreAway
from gateway.access.grants import Grant
from gateway.access.pace import LEASE_EVERY_S, LeasedPace, Pace
from runtime.clock import Clock

if TYPE_CHECKING:
    from gateway.access.store import Store

_SWEEP_AT = 1000


class Paces:
    """store: where all processes share them; None: this process alone."""

    def __init__(self, clock: Clock, store: "Store | None" = None) -> None:
        self._clock = clock
        self._store = store
        self._paces: dict[str, Pace] = {}
        self._borrowed: Counter[str] = Counter()
        self._sweep_at = _SWEEP_AT

    def __len__(self) -> int:
        return len(self._paces)

    async def borrow(self, grant: Grant) -> Pace | None:
        """The pace that all connections of the user share; None: no limit. To be given back."""
        per_s = grant.limits.messages_per_s
        if not per_s:
            return None
        self._borrowed[grant.user] += 1
        pace = self._paces.get(grant.user)
        if pace is None:
            self._forget_rested()
            pace = self._paces[grant.user] = Pace(per_s, self._clock) if self._store is None else LeasedPace(per_s, self._clock)
            await self._lease([grant.user])
        pace.per_s = per_s  # the newest token's
        return pace

    def give_back(self, grant: Grant) -> None:
        if grant.limits.messages_per_s:
            self._borrowed[grant.user] -= 1

    async def keep_leasing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LEASE_EVERY_S)
            await self._lease(tuple(self._paces))

    async def _lease(self, users: Iterable[str]) -> None:
        for user in users:
            pace = self._paces.get(user)
            if isinstance(pace, LeasedPace) and self._store is not None and (wanted := pace.wanted()):
                try:
                    pace.grant(await self._store.lease(user, pace.per_s, wanted))
                except StoreAway:
                    pace.go_alone()

    def _forget_rested(self) -> None:
        if len(self._paces) < self._sweep_at:
            return
        for user in [user for user, pace in self._paces.items() if not self._borrowed[user] and pace.is_full()]:
            del self._paces[user], self._borrowed[user]
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._paces))
