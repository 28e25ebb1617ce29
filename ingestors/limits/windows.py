"""What was asked of a provider lately, as far as one process knows, in memory. Pure: the caller says what time it is."""

from collections.abc import Mapping, Sequence
from math import ceil, floor

from ingestors.limits.budget import SLOTS, Budget, Limit


class Windows:
    """One account's. Times in seconds of any clock that does not go back."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._slots: list[dict[int, int]] = [{} for _ in budget]
        self._banned_until_s = 0.0

    def take(self, weight: int, now_s: float) -> float:
        """0: taken; else seconds until it may be asked again, and nothing was taken."""
        wait_s = max([self._banned_until_s - now_s, *(self._wait_s(at, weight, now_s) for at in range(len(self._budget)))])
        if wait_s > 0:
            return wait_s
        self.note(weight, now_s)
        return 0.0

    def note(self, weight: int, now_s: float) -> None:
        """It was asked, whether or not it was within the budget."""
        for limit, slots in zip(self._budget, self._slots, strict=True):
            slot = floor(now_s / limit.slot_s)
            slots[slot] = slots.get(slot, 0) + weight

    def learn(self, asked: Sequence[Mapping[int, int]]) -> None:
        """By limit, weights by slot over all processes. What is known already is never less for it."""
        for slots, told in zip(self._slots, asked, strict=True):
            for slot, weight in told.items():
                slots[slot] = max(weight, slots.get(slot, 0))

    def known(self, now_s: float) -> dict[tuple[int, int], int]:
        """Weights by (number of the limit from 1, slot) that still count; not of seconds, which are over before anybody could ask."""
        kept = [at for at, limit in enumerate(self._budget) if limit.span != "second"]
        return {(at + 1, slot): weight for at in kept for slot, weight in self._live(at, now_s).items()}

    def ban(self, wait_s: float, now_s: float) -> None:
        """The provider wants no question for so long; a shorter ban does not end a longer one."""
        self._banned_until_s = max(self._banned_until_s, now_s + wait_s)

    def banned_s(self, now_s: float) -> float:
        """How long the provider still wants no question; 0: no ban holds."""
        return max(0.0, self._banned_until_s - now_s)

    def used(self, now_s: float) -> list[int]:
        """By limit of the budget."""
        return [sum(self._live(at, now_s).values()) for at in range(len(self._budget))]

    def _live(self, at: int, now_s: float) -> dict[int, int]:
        oldest = floor(now_s / self._budget[at].slot_s) - SLOTS
        slots = self._slots[at] = {slot: weight for slot, weight in self._slots[at].items() if slot >= oldest}
        return slots

    def _wait_s(self, at: int, weight: int, now_s: float) -> float:
        limit, live = self._budget[at], self._live(at, now_s)
        return wait_until_room(limit, sorted(live.items()), weight, now_s)


def wait_until_room(limit: Limit, live: Sequence[tuple[int, int]], weight: int, now_s: float) -> float:
    """live: (slot, weight), ascending. A weight above the limit waits for an empty window."""
    over = sum(taken for _, taken in live) + min(weight, limit.weight) - limit.weight
    for slot, taken in live:
        if over <= 0:
            break
        over -= taken
        if over <= 0:
            return (slot + SLOTS + 1) * limit.slot_s - now_s
    return 0.0


def whole_ms(seconds: float) -> int:
    """Not less than it is."""
    return ceil(seconds * 1000)
