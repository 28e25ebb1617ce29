"""Who gets what. Every series has a view; a view has a group of receivers for each variant; a message is encoded once a group.

Lives on the event loop, never waits. The feed publishes the events of some records and then flushes: each group's frames go out as one write
a receiver, so the order within a series is Kafka's order.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Any, Protocol

from gateway import answers
from gateway.frames import text_frame
from gateway.selector import ANY, Selector
from gateway.series import PRIMARY, Channel, Placed, SeriesKey
from gateway.shapes import Variant, encode
from gateway.snapshot import Memory
from runtime import metrics

_CACHED_SNAPSHOTS = 64  # clients that reconnect together ask for the same ones
_LARGEST_CACHED_BYTES = 262_144


class Receiver(Protocol):
    """A client. send: frames of one or more whole messages; must not block, must not raise."""

    def send(self, frames: bytes, messages: int) -> None: ...


class Group:
    """Receivers of one series that want the same bytes."""

    __slots__ = ("channel", "members", "pending")

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.members: dict[Receiver, int] = {}  # how many of the receiver's subscriptions take this series
        self.pending: list[bytes] = []


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


class Hub:
    """The subscription index: series to groups to receivers."""

    def __init__(self, snapshot_depth: int) -> None:
        self.epochs: dict[Channel, str] = dict.fromkeys(Channel, "")
        self.memory = Memory(snapshot_depth)
        self._views: dict[SeriesKey, View] = {}
        self._subscriptions: dict[Channel, set[Subscription]] = {channel: set() for channel in Channel}
        self._tick_symbols: Counter[str] = Counter()
        self._dirty: list[Group] = []
        self._snapshots: OrderedDict[tuple[SeriesKey, Variant, int], tuple[str | None, bytes]] = OrderedDict()

    def wants_ticks(self, symbols: Iterable[str]) -> bool:
        """False if no subscription takes a tick of any of these symbols: the record need not be decoded."""
        wanted = self._tick_symbols
        return bool(wanted) and (ANY in wanted or not wanted.keys().isdisjoint(symbols))

    def publish(self, placed: Placed, value: bytes = b"") -> bool:
        """Remembers the event and queues it for its receivers. value: the record's bytes. True if anybody gets it."""
        has_receivers = False
        seq = placed.seq
        for key in placed.series():
            view = self._views.get(key) or self._open(key)
            self.memory.remember(view.history, placed, value)
            has_receivers |= self._queue(view, placed)
            view.partition, view.seq = placed.partition, seq
        return has_receivers

    def _queue(self, view: View, placed: Placed) -> bool:
        queued = False
        for variant, group in view.groups.items():
            if not group.pending:
                self._dirty.append(group)
            group.pending.append(text_frame(encode(placed, view.seq, self.epochs[placed.channel], variant)))
            queued = True
        return queued

    def flush(self) -> int:
        """Sends what is queued. Returns the number of messages handed to receivers."""
        sent: Counter[Channel] = Counter()
        for group in self._dirty:
            frames, count = b"".join(group.pending), len(group.pending)
            group.pending.clear()
            sent[group.channel] += count * len(group.members)
            for receiver in tuple(group.members):
                receiver.send(frames, count)
        self._dirty.clear()
        for channel, messages in sent.items():
            metrics.MESSAGES.labels(channel).inc(messages)
        return sent.total()

    def _open(self, key: SeriesKey) -> View:
        """The view of a series that is new: wildcards that match it take it from its first message."""
        view = self._views[key] = View(key, self.memory)
        for subscription in self._subscriptions[key.channel]:
            if subscription.selector.matches(key):
                self.attach(subscription, view)
        return view

    def add(self, subscription: Subscription) -> list[View]:
        """Registers the subscription for series to come. Returns the views that exist for it; each is to be attached with its snapshot."""
        selector = subscription.selector
        for key in selector.exact_keys():
            if key not in self._views:
                self._open(key)
        self._subscriptions[selector.channel].add(subscription)
        metrics.SUBSCRIPTIONS.labels(selector.channel).inc()
        if selector.channel is Channel.TICKS:
            self._tick_symbols.update(selector.symbols)
        if selector.is_exact:
            return [self._views[key] for key in selector.exact_keys()]
        return [view for key, view in self._views.items() if selector.matches(key)]

    def attach(self, subscription: Subscription, view: View) -> None:
        """From now on the receiver gets the series' updates."""
        if view.key in subscription.views:
            return
        subscription.views[view.key] = view
        group = view.groups.get(subscription.selector.variant)
        if group is None:
            group = view.groups[subscription.selector.variant] = Group(view.key.channel)
        group.members[subscription.receiver] = group.members.get(subscription.receiver, 0) + 1

    def remove(self, subscription: Subscription) -> None:
        """The receiver gets nothing more by this subscription."""
        channel, variant = subscription.selector.channel, subscription.selector.variant
        self._subscriptions[channel].discard(subscription)
        metrics.SUBSCRIPTIONS.labels(channel).dec()
        if channel is Channel.TICKS:
            self._tick_symbols -= Counter(subscription.selector.symbols)
        for view in subscription.views.values():
            self._detach(view, variant, subscription.receiver)
        subscription.views.clear()

    def _detach(self, view: View, variant: Variant, receiver: Receiver) -> None:
        group = view.groups[variant]
        group.members[receiver] -= 1
        if not group.members[receiver]:
            del group.members[receiver]
        if not group.members:
            del view.groups[variant]
        if not view.groups and view.seq is None:  # named by a client, never seen in Kafka
            self.memory.forget(view.history)
            self._views.pop(view.key, None)

    def snapshot(self, view: View, variant: Variant, count: int) -> bytes:
        """The frame of a snapshot with at most `count` records of the series."""
        count = min(count, self.memory.depth)
        kept = self._snapshots.get((view.key, variant, count))
        if kept and kept[0] == view.seq:
            return kept[1]
        epoch = self.epochs[view.key.channel]
        items = [encode(placed, None, epoch, variant) for placed in view.history.items(view.key.channel, view.key.source, count)]
        frame = text_frame(answers.snapshot(view.key, items, view.partition, view.seq, epoch))
        if len(frame) <= _LARGEST_CACHED_BYTES:
            self._snapshots[view.key, variant, count] = (view.seq, frame)
        if len(self._snapshots) > _CACHED_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return frame

    def series(self) -> list[dict[str, Any]]:
        """What has been seen, by symbol and source: its channels and timeframes."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for key, view in self._views.items():
            if view.seq is None or key.source == PRIMARY:
                continue
            entry = found.setdefault(
                (key.symbol, key.source), {"symbol": key.symbol, "source": key.source, "channels": [], "timeframes": []}
            )
            for name, value in (("channels", key.channel), ("timeframes", key.timeframe)):
                if value and value not in entry[name]:
                    entry[name].append(value)
        return [found[pair] for pair in sorted(found)]
