"""One series and its receivers; one subscription and its series. Changed by the hub only."""

from collections.abc import Iterable
from typing import Any

from gateway.groups import Group, Receiver
from gateway.selector import Selector
from gateway.series import PRIMARY, SeriesKey
from gateway.snapshot import Memory
from gateway.variant import Variant


class View:
    """One series: its newest position, its history and its groups."""

    __slots__ = ("groups", "history", "key", "partition", "seq")

    def __init__(self, key: SeriesKey, memory: Memory) -> None:
        self.key = key
        self.partition: int | None = None
        self.seq: str | None = None
        self.history = memory.new_history()
        self.groups: dict[Variant, Group] = {}


class Subscription:
    """One selector of one receiver, and the views it is attached to."""

    def __init__(self, receiver: Receiver, selector: Selector) -> None:
        self.receiver = receiver
        self.selector = selector
        self.views: dict[SeriesKey, View] = {}


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
