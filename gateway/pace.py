"""Groups whose receivers asked for at most so many messages a second: the newest event of each kind waits until the next may go."""

from heapq import heappop, heappush
from itertools import count

from gateway.groups import Group
from gateway.series import Event, Placed
from runtime.clock import Clock


class Pacer:
    """Holds events back. The hub asks before each event of a group with a pace, and again when `next_s` has come.

    What it costs does not grow with how many groups wait.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[Group, float] = {}  # until when
        self._order: list[tuple[float, int, Group]] = []  # a heap of the same, and of some that wait no more
        self._numbers = count()

    def hold(self, group: Group, placed: Placed, event: Event) -> bool:
        """True if it may go now, with what was held before it; else it waits in place of an older one of its kind."""
        group.held[type(event)] = (placed, event)
        if self._clock.monotonic_s() < group.next_s:
            self._wait(group)
            return False
        self._waiting.pop(group, None)
        return True

    def _wait(self, group: Group) -> None:
        if group not in self._waiting:
            self._waiting[group] = group.next_s
            heappush(self._order, (group.next_s, next(self._numbers), group))

    def due(self) -> list[Group]:
        """The groups whose time has come."""
        now_s, due = self._clock.monotonic_s(), []
        while (next_s := self.next_s) is not None and next_s <= now_s:
            group = heappop(self._order)[2]
            del self._waiting[group]
            if group.held:
                due.append(group)
        return due

    def let_go(self, group: Group) -> None:
        """Its messages go now: the next wait starts."""
        group.next_s = self._clock.monotonic_s() + 1 / group.variant.max_per_s

    def forget(self, group: Group) -> None:
        self._waiting.pop(group, None)

    @property
    def next_s(self) -> float | None:
        """When to ask `due` again; None if nothing waits."""
        while self._order and self._waiting.get(self._order[0][2]) != self._order[0][0]:
            heappop(self._order)
        return self._order[0][0] if self._order else None
