"""Pings: every client once in a while, a part of them every second. One task for all, where the library would have one for each."""

from typing import Protocol

PING_EVERY_S = 20


class Pinged(Protocol):
    """ping: sends the next one, or ends a client that has not answered the last."""

    def ping(self) -> None: ...


class Pulse:
    """Whoever is added is pinged PING_EVERY_S seconds later, and then as often."""

    def __init__(self) -> None:
        self._turns: tuple[set[Pinged], ...] = tuple(set() for _ in range(PING_EVERY_S))
        self._now = 0

    def add(self, one: Pinged) -> int:
        """Returns what `discard` needs."""
        self._turns[self._now].add(one)
        return self._now

    def discard(self, one: Pinged, turn: int) -> None:
        self._turns[turn].discard(one)

    def beat(self) -> None:
        """Once a second."""
        self._now = (self._now + 1) % PING_EVERY_S
        for one in tuple(self._turns[self._now]):
            one.ping()
