"""A moment of the machine's clock at which something is called, kept over long times and steps of the clock."""

import asyncio
from collections.abc import Callable

from runtime.clock import Clock

_LONGEST_TIMER_S = 3600.0  # and then the clock is looked at again


class Deadline:
    """One moment at a time; setting the next forgets the last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at_s: float | None, then: Callable[[], None]) -> None:
        """at_s: seconds since 1970; None: never. What has passed already is called soon."""
        self.clear()
        if at_s is None:
            return
        left_s = at_s - self._clock.now_ns() / 1e9
        loop = asyncio.get_running_loop()
        if left_s > _LONGEST_TIMER_S:
            self._timer = loop.call_later(_LONGEST_TIMER_S, self.set, at_s, then)
        else:
            self._timer = loop.call_later(max(0.0, left_s), self._check, at_s, then)

    def clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _check(self, at_s: float, then: Callable[[], None]) -> None:
        """A timer may be early by a clock that was set back."""
        if self._clock.now_ns() / 1e9 < at_s:
            self.set(at_s, then)
        else:
            then()
