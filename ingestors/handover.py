"""One connection takes over from another without a loss: both live for a while, and the new one is read from where the old one ended.

The old one publishes; the new one is connected, subscribed and only listened to. Once it brings data its frames are kept in its queue; a second later
the old one is closed and read to its end; then the new one's frames follow, and what the old one published of them is passed over.
"""

from typing import Literal

import structlog

from ingestors.feed import Feed
from ingestors.shard import Shard
from runtime import metrics
from runtime.clock import Clock

log = structlog.get_logger()

OVERLAP_S = 1.0  # so long are both read: what reaches one earlier than the other
LISTEN_S = 10.0  # a new connection without data takes over after this all the same: its symbols may be silent
_GIVE_UP_S = 60.0  # a new connection that is not subscribed by then was no use

Outcome = Literal["", "done", "failed"]


class Handover:
    """From `old` to `new`. `step` is called a few times a second until it says that it is over.

    at_once: frames of the new connection are kept from its first on, since it carries what the old one does not.
    """

    def __init__(self, old: Shard, new: Shard, clock: Clock, source: str, *, at_once: bool = False) -> None:
        self.old, self.new = old, new
        self._clock = clock
        self._source = source
        self._at_once = new.lane.held = new.lane.seamless = at_once
        self._began_s = clock.monotonic_s()
        self._held_s: float | None = None
        self._ready_s: float | None = None

    def step(self, feed: Feed) -> Outcome:
        """done: the new lane is published, the old one is over. failed: the new one is to be stopped, the old one goes on."""
        now_s = self._clock.monotonic_s()
        if self._held_s is None:
            return self._listen(feed, now_s)
        if now_s - self._held_s >= OVERLAP_S and not self.old.lane.retired:
            self.old.lane.retired = True
            self.old.connector.stop()
        if self.old.task.done() and not len(self.old.lane.queue):
            return self._finish(feed, lossless=True)
        return ""

    def _listen(self, feed: Feed, now_s: float) -> Outcome:
        lane, connector = self.new.lane, self.new.connector
        if not self.old.connector.connected:  # it died before its time: a plain break
            self.old.lane.retired = True
            self.old.connector.stop()
            return self._finish(feed, lossless=False) if not len(self.old.lane.queue) else ""
        if self._at_once and connector.connected:
            self._held_s = now_s
            return ""
        subscribed = connector.connected and lane.conversation is not None and not lane.conversation.waiting()
        self._ready_s = (self._ready_s or now_s) if subscribed else None
        if self._ready_s is not None and (lane.heard_events or now_s - self._ready_s > LISTEN_S):
            lane.held, self._held_s = True, now_s
        elif now_s - self._began_s > _GIVE_UP_S:
            return "failed"
        return ""

    def _finish(self, feed: Feed, lossless: bool) -> Outcome:
        feed.take_over(self.new.lane, lossless)
        self.new.lane.held = False
        metrics.HANDOVERS.labels(self._source, "lossless" if lossless else "broken").inc()
        log.info("connection_replaced", lossless=lossless, symbols=len(self.new.lane.symbols))
        return "done"
