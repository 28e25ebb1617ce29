"""What is in use of limits that several connections share: connections and symbols of a user, connections of an address."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from gateway.access.away import StoreAway

if TYPE_CHECKING:
    from gateway.access.store import Store


class Claims(Protocol):
    """kind: `connections` or `symbols`; owner: whose. What is claimed twice has to be released twice."""

    async def claim(self, kind: str, owner: str, names: Iterable[str], limit: int) -> bool:
        """False, and nothing claimed, if the owner would then have more than `limit` different names. 0: no limit."""
        ...

    def release(self, kind: str, owner: str, names: Iterable[str]) -> None:
        """Does not wait."""
        ...


class LocalClaims:
    """Of this process alone."""

    def __init__(self) -> None:
        self._held: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    async def claim(self, kind: str, owner: str, names: Iterable[str], limit: int) -> bool:
        return self.claim_now(kind, owner, names, limit)

    def claim_now(self, kind: str, owner: str, names: Iterable[str], limit: int) -> bool:
        wanted = set(names)
        held = self._held.get((kind, owner), Counter())
        if limit and len(held.keys() | wanted) > limit:
            return False
        self._held[kind, owner].update(wanted)
        return True

    def release(self, kind: str, owner: str, names: Iterable[str]) -> None:
        held = self._held[kind, owner]
        for name in set(names):
            held[name] -= 1
            if held[name] <= 0:
                del held[name]
        if not held:
            del self._held[kind, owner]

    def held(self, kind: str, owner: str) -> set[str]:
        """The different names that this process holds for the owner."""
        return set(self._held.get((kind, owner), ()))

    def owners(self) -> list[tuple[str, str]]:
        """(kind, owner) of all that hold something."""
        return list(self._held)


class SharedClaims:
    """The same over all gateway processes, in Redis. While that is away each process counts its own."""

    def __init__(self, store: "Store") -> None:
        self._local = LocalClaims()
        self._store = store
        self._shared: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def claim(self, kind: str, owner: str, names: Iterable[str], limit: int) -> bool:
        wanted = set(names)
        new = sorted(wanted - self._local.held(kind, owner))
        if not self._local.claim_now(kind, owner, wanted, limit):
            return False
        if not limit or not new:
            return True
        self._shared.add((kind, owner))
        with suppress(StoreAway):
            if not await self._store.claim(kind, owner, new, limit):
                self._local.release(kind, owner, wanted)
                return False
        return True

    def release(self, kind: str, owner: str, names: Iterable[str]) -> None:
        every = set(names)
        self._local.release(kind, owner, every)
        if (kind, owner) in self._shared:
            task = asyncio.get_running_loop().create_task(self._forget(kind, owner, every))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forget(self, kind: str, owner: str, names: set[str]) -> None:
        """A name that was claimed again since stays; what cannot be told expires."""
        gone = sorted(names - self._local.held(kind, owner))
        if not self._local.held(kind, owner):
            self._shared.discard((kind, owner))
        with suppress(StoreAway):
            if gone:
                await self._store.release(kind, owner, gone)

    async def refresh(self) -> None:
        """Every few seconds: what is held lives on, and is known again to a Redis that lost it."""
        with suppress(StoreAway):
            for kind, owner in tuple(self._shared):
                held = sorted(self._local.held(kind, owner))
                if held:
                    await self._store.claim(kind, owner, held, 0)

    async def give_up(self) -> None:
        """At the end of the process: nothing stays claimed for the next one to wait for."""
        await asyncio.gather(*self._tasks)
