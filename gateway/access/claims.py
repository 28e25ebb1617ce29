"""What is in use of limits that several connections share: connections and symbols of a user, connections of an address."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Protocol


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
