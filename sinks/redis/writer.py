"""Writes through the guards, to a server that may have been started anew: it is given all that this process wrote and that still lives first."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from cache.guard import Write
from cache.streams import Append
from runtime import metrics
from runtime.clock import Clock
from runtime.logs import get_logger
from sinks.redis.client import RedisClient, ServerForgot
from sinks.redis.newest import Newest

_SINK = "redis"
_NEWEST_BYTES = 16_000_000  # some 10,000 keys; a larger line fills the rest from what comes next
T = TypeVar("T")


class Writer:
    """Raises StoreDown and FatalError as the client; all may be called again."""

    def __init__(self, client: RedisClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """Others may have written newer values of what was ours."""
        self._newest = Newest(_NEWEST_BYTES)

    def write(self, writes: Sequence[Write]) -> int:
        """How many were newer than what was there."""
        newer = [write for write in writes if not self._newest.is_older(write)]
        taken = self.filled(lambda: self._client.write(newer))
        now_s = self._clock.monotonic_s()
        for write, is_taken in zip(newer, taken, strict=True):
            if is_taken:
                self._newest.note(write, now_s)
            else:
                self._newest.forget([write.key])
        return sum(taken)

    def append(self, appends: Sequence[Append]) -> None:
        """Streams are not filled again: they go on with what comes."""
        added = self.filled(lambda: self._client.append(appends))
        for append, number in zip(appends, added, strict=True):
            metrics.STREAM_EVENTS.labels(append.name, "added").inc(number)
            metrics.STREAM_EVENTS.labels(append.name, "repeated").inc(len(append.events) - number)

    def filled(self, action: Callable[[], T]) -> T:
        """Its answer, from a server that has been given what it lacks."""
        try:
            return action()
        except ServerForgot:
            self._fill()
            return action()

    def check(self) -> None:
        """Fills a server that was started anew, though nothing new comes."""
        if not self._client.knows_us():
            self._fill()

    def _fill(self) -> None:
        self._client.introduce()
        known = list(self._newest.alive(self._clock.monotonic_s()))
        taken = self._client.write(known)
        metrics.KEYS.labels(_SINK, "restored").inc(sum(taken))
        get_logger().info("redis_filled", writes=len(known))
