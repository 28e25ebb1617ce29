"""One series and its receivers; one subscription and its series. Changed by the hub only."""

from collections.abc import Callable, Iterable
from typing import Any

from gateway.groups import Group, Receiver
from gateway.resume import Position
from gateway.selector import Selector
from gateway.series import PRIMARY, Event, Placed, SeriesKey
from gateway.snapshot import Memory
from gateway.variant import Variant
from runtime.clock import Clock

_MADE_EVERY_S = 1.0


class View:
    """One series: its newest position, its history and its groups.

    awaited: subscriptions that are yet to be attached. is_announced: a message of it came, which wildcards were told of.
    """

    __slots__ = ("awaited", "groups", "history", "is_announced", "key", "partition", "seq")

    def __init__(self, key: SeriesKey, memory: Memory) -> None:
        self.key = key
        self.partition: int | None = None
        self.seq: str | None = None
        self.history = memory.new_history()
        self.groups: dict[Variant, Group] = {}
        self.awaited = 0
        self.is_announced = False

    @property
    def is_there(self) -> bool:
        """False if only a client says so."""
        return self.is_announced or self.seq is not None

    def is_past(self, placed: Placed) -> bool:
        """True if it holds this event, or a newer one."""
        return self.seq is not None and Position.parse(self.seq) >= (placed.offset, placed.index)

    def learn(self, placed: Placed, event: Event) -> None:
        """The newest event that the log has of it, older than what was read at the start: it is `prev` of the next one.

        Who was here before has not got it, and learns by that `prev` that something is missing.
        """
        if self.is_past(placed):
            return
        self.partition, self.seq = placed.partition, placed.seq
        for group in self.groups.values():
            if group.wants(event):
                group.seq = placed.seq


class Subscription:
    """One selector of one receiver, the views it is attached to, and those that it is yet to be attached to."""

    def __init__(self, receiver: Receiver, selector: Selector) -> None:
        self.receiver = receiver
        self.selector = selector
        self.views: dict[SeriesKey, View] = {}
        self.awaited: dict[SeriesKey, View] = {}

    def wait_for(self, views: Iterable[View]) -> None:
        for view in views:
            self.awaited[view.key] = view
            view.awaited += 1

    def wait_no_more(self, view: View) -> None:
        if self.awaited.pop(view.key, None) is not None:
            view.awaited -= 1


def listing(views: Iterable[View]) -> list[dict[str, Any]]:
    """What has been seen, by symbol and source: its channels and timeframes."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for view in views:
        key = view.key
        if view.seq is None or key.source == PRIMARY:
            continue
        entry = found.setdefault((key.symbol, key.source), {"symbol": key.symbol, "source": key.source, "channels": [], "timeframes": []})
        for name, value in (("channels", key.channel), ("timeframes", key.timeframe)):
            if value and value not in entry[name]:
                entry[name].append(value)
    return [found[pair] for pair in sorted(found)]


class Listing:
    """The same, made once a second at most: it looks at every series, and every client may ask."""

    def __init__(self, views: Callable[[], Iterable[View]], clock: Clock) -> None:
        self._views = views
        self._clock = clock
        self._made: list[dict[str, Any]] = []
        self._next_s = float("-inf")

    def made(self) -> list[dict[str, Any]]:
        if self._clock.monotonic_s() >= self._next_s:
            self._made = listing(self._views())
            self._next_s = self._clock.monotonic_s() + _MADE_EVERY_S
        return self._made
