"""Who gets what. Every series has a view; a view has a group of receivers for each variant.

Lives on the event loop, never waits. The feed publishes the events of some records and then flushes: each group's frames go out as one write
a receiver, so the order within a series is Kafka's order.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from gateway.groups import Group, Receiver
from gateway.pace import Pacer
from gateway.records import event_of
from gateway.selector import ANY
from gateway.series import CHANNELS, TRAITS, Channel, Event, Placed, SeriesKey
from gateway.snapshot import Memory
from gateway.variant import Variant
from gateway.view_index import ViewIndex
from gateway.views import Subscription, View
from runtime import metrics
from runtime.clock import Clock
from schemas.topics import Topic

_FED_BY = {topic: tuple(channel for channel, traits in TRAITS.items() if traits.topic is topic) for topic in CHANNELS}


class Hub:
    """The subscription index: series to groups to receivers."""

    def __init__(self, snapshot_depth: int, clock: Clock) -> None:
        self.epochs: dict[Channel, str] = dict.fromkeys(Channel, "")
        self.memory = Memory(snapshot_depth)
        self.pacer = Pacer(clock)
        self._views = ViewIndex()
        self._routes: dict[tuple[Channel, str, str, str, bool], tuple[View, ...]] = {}
        self._subscriptions: dict[Channel, set[Subscription]] = {channel: set() for channel in Channel}
        self._tick_symbols: Counter[str] = Counter()
        self._dirty: list[Group] = []

    def is_past(self, placed: Placed) -> bool:
        """True if a series of this event holds it, or a newer one."""
        return any(view.is_past(placed) for view in self._views_of(placed))

    def wants(self, channel: Channel) -> bool:
        return bool(self._subscriptions[channel])

    def wants_records(self, topic: Topic) -> bool:
        """False if no subscription is fed by that topic. Also for other threads."""
        return any(self._subscriptions[channel] for channel in _FED_BY[topic])

    def is_heard(self, placed: Placed) -> bool:
        """True if some receiver takes a series of this event."""
        return any(view.groups for view in self._views_of(placed))

    def wanted_of(self, symbols: Iterable[str]) -> set[str]:
        """Those of which some subscription takes ticks: others need not be read."""
        wanted = self._tick_symbols
        return set(symbols) if ANY in wanted else wanted.keys() & symbols

    def publish(self, placed: Placed, event: Event | None = None) -> bool:
        """Remembers the event and queues it for its receivers; without it, it is decoded if there are any. True if anybody gets it.

        Raises DecodeError; then nothing has happened.
        """
        views = self._views_of(placed)
        if event is None and any(view.groups for view in views):
            event = event_of(placed)
        seq, queued = placed.seq, False
        for view in views:
            self.memory.remember(view.history, placed, event)
            if event is not None:
                for group in view.groups.values():
                    queued |= group.wants(event) and self._queue(group, placed, event)
            view.partition, view.seq = placed.partition, seq
        return queued

    def _queue(self, group: Group, placed: Placed, event: Event) -> bool:
        if group.variant.max_per_s:
            return self.pacer.hold(group, placed, event) and self._release(group)
        if not group.pending:
            self._dirty.append(group)
        group.take(placed, event)
        return True

    def _release(self, group: Group) -> bool:
        self.pacer.let_go(group)
        if not group.pending:
            self._dirty.append(group)
        group.take_held()
        return True

    def release_due(self) -> None:
        """Queues what was held back by a pace and may go now."""
        for group in self.pacer.due():
            self._release(group)

    def flush(self) -> int:
        """Sends what is queued. Returns the number of messages handed to receivers."""
        dirty, self._dirty = self._dirty, []
        return sum(self._send(group) for group in dirty if group.pending)

    @staticmethod
    def _send(group: Group) -> int:
        """One write a receiver. What is inside the loop is done for every message to every client."""
        batch = group.cut()
        members, frames, count = tuple(group.members), batch.frames, len(batch.messages)
        for receiver in members:
            write = receiver.write
            if write is None:
                receiver.deliver(batch)
            else:
                write(frames)
                receiver.sent += count
        sent = count * len(members)
        metrics.MESSAGES.labels(group.key.channel).inc(sent)
        return sent

    def _views_of(self, placed: Placed) -> tuple[View, ...]:
        place = (placed.channel, placed.symbol, placed.source, placed.timeframe, placed.primary)
        views = self._routes.get(place)
        if views is None:
            views = self._routes[place] = tuple(self._announced(key) for key in placed.series())
        return views

    def _announced(self, key: SeriesKey) -> View:
        """Wildcards that match a new series take it from its first message."""
        view = self.view(key)
        if not view.is_announced:
            view.is_announced = True
            for subscription in self._subscriptions[key.channel]:
                if key not in subscription.awaited and subscription.selector.matches(key):
                    self.attach(subscription, view)
        return view

    def view(self, key: SeriesKey) -> View:
        """The series' view, which need not have been seen."""
        view = self._views.get(key)
        if view is None:
            view = View(key, self.memory)
            self._views.add(view)
        return view

    def seen(self, key: SeriesKey) -> View | None:
        return self._views.get(key)

    def views(self) -> Iterator[View]:
        return iter(self._views)

    def add(self, subscription: Subscription, known: Collection[SeriesKey] = ()) -> list[View]:
        """Registers the subscription for series to come. Returns the views that exist for it, and those of the series that its client knows of.

        Each is to be attached with its snapshot, or given up; until then it stays, whoever else leaves it.
        """
        selector = subscription.selector
        views = [self.view(key) for key in (selector.exact_keys() if selector.is_exact else known)]
        if not selector.is_exact:
            views = [view for view in self._views.matching(selector) if view.is_there or view.key in known]
        subscription.wait_for(views)
        self._subscriptions[selector.channel].add(subscription)
        metrics.SUBSCRIPTIONS.labels(selector.channel).inc()
        if selector.channel is Channel.TICKS:
            self._tick_symbols.update(selector.symbols)
        return views

    def attach(self, subscription: Subscription, view: View) -> None:
        """From now on the receiver gets the series' updates."""
        if view.key in subscription.views:
            return
        subscription.wait_no_more(view)
        subscription.views[view.key] = view
        variant = subscription.selector.variant
        group = view.groups.get(variant)
        if group is None:
            group = view.groups[variant] = Group(view.key, variant, self.epochs[view.key.channel], view.seq)
        elif group.pending:
            self._send(group)  # to those who were here; the newcomer's snapshot holds it already
        group.members[subscription.receiver] = group.members.get(subscription.receiver, 0) + 1

    def remove(self, subscription: Subscription) -> None:
        """The receiver gets nothing more by this subscription."""
        channel, variant = subscription.selector.channel, subscription.selector.variant
        if subscription not in self._subscriptions[channel]:
            return
        self._subscriptions[channel].discard(subscription)
        metrics.SUBSCRIPTIONS.labels(channel).dec()
        if channel is Channel.TICKS:
            self._tick_symbols -= Counter(subscription.selector.symbols)
        for view in subscription.views.values():
            self._detach(view, variant, subscription.receiver)
        subscription.views.clear()
        for view in tuple(subscription.awaited.values()):
            subscription.wait_no_more(view)
            self._drop_if_idle(view)

    def _detach(self, view: View, variant: Variant, receiver: Receiver) -> None:
        group = view.groups[variant]
        group.members[receiver] -= 1
        if not group.members[receiver]:
            del group.members[receiver]
        if not group.members:
            del view.groups[variant]
            self.pacer.forget(group)
        self._drop_if_idle(view)

    def give_up(self, subscription: Subscription, view: View) -> bool:
        """Instead of attaching it. True if nothing was ever seen of the series: a wildcard takes it from its first message then."""
        if view.is_there:
            return False
        subscription.wait_no_more(view)
        self._drop_if_idle(view)
        return True

    def _drop_if_idle(self, view: View) -> None:
        """What a client named and Kafka never had."""
        if view.groups or view.awaited or view.seq is not None:
            return
        self.memory.forget(view.history)
        self._views.discard(view.key)
        self._routes.clear()
