"""When what is published goes out: at once, or when the batching window is over; and when a pace lets go of what it held. On the event loop."""

import asyncio
from collections.abc import Callable

from gateway.feed import Feed
from gateway.hub import Hub
from runtime.clock import Clock

_LEAST_WAIT_S = 0.001


class Flusher:
    """window_s: 0 sends with every slice of records. on_failure(error): a bug; without it the loop would log it and go on with a hole in every stream."""

    def __init__(self, feed: Feed, hub: Hub, clock: Clock, window_s: float, on_failure: Callable[[Exception], None]) -> None:
        self._feed = feed
        self._hub = hub
        self._clock = clock
        self._window_s = window_s
        self._on_failure = on_failure
        self._window: asyncio.TimerHandle | None = None
        self._pace: asyncio.TimerHandle | None = None

    def flush_soon(self) -> None:
        """Something was published."""
        if not self._window_s:
            self._flush()
        elif self._window is None:
            self._window = asyncio.get_running_loop().call_later(self._window_s, self._flush)

    def _flush(self) -> None:
        self._window = None
        try:
            self._feed.flush()
        except Exception as error:
            self._on_failure(error)
        next_s = self._hub.pacer.next_s
        if next_s is not None and self._pace is None:
            wait_s = max(_LEAST_WAIT_S, next_s - self._clock.monotonic_s())
            self._pace = asyncio.get_running_loop().call_later(wait_s, self._release)

    def _release(self) -> None:
        self._pace = None
        self._flush()
