"""Groups whose receivers asked for at most so many messages a second: the newest event of each kind waits until the next may go."""

from gateway.groups import Group
from gateway.series import Event, Placed
from runtime.clock import Clock


class Pacer:
    """Holds events back. The hub asks before each event of a group with a pace, and again when `next_s` has come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: set[Group] = set()

    def hold(self, group: Group, placed: Placed, event: Event) -> bool:
        """True if it may go now, with what was held before it; else it waits in place of an older one of its kind."""
        group.held[type(event)] = (placed, event)
        if self._clock.monotonic_s() < group.next_s:
            self._waiting.add(group)
            return False
        self._waiting.discard(group)
        return True

    def due(self) -> list[Group]:
        """The groups whose time has come."""
        now_s = self._clock.monotonic_s()
        due = [group for group in self._waiting if group.next_s <= now_s]
        self._waiting.difference_update(due)
        return [group for group in due if group.held]

    def let_go(self, group: Group) -> None:
        """Its messages go now: the next wait starts."""
        group.next_s = self._clock.monotonic_s() + 1 / group.variant.max_per_s

    def forget(self, group: Group) -> None:
        self._waiting.discard(group)

    @property
    def next_s(self) -> float | None:
        """When to ask `due` again; None if nothing waits."""
        return min((group.next_s for group in self._waiting), default=None)
