"""An import goes as fast as the line takes it in: what waits there would hold up live data."""

import time

from runtime.clock import Clock
from runtime.errors import TransientError
from schemas.topics import Topic
from tickerplant.importing.passed import Tell, behind
from tickerplant.replay.offsets import Offsets

_READ = (Topic.TICKS_RAW, Topic.BARS_RAW, Topic.TICKS, Topic.BARS)
_ASK_EVERY_S = 0.5
_POLL_S = 0.1


class Pace:
    """waiting: how many events may wait in the line."""

    def __init__(self, offsets: Offsets, clock: Clock, waiting: int, timeout_s: float, tell: Tell) -> None:
        self._offsets = offsets
        self._clock = clock
        self._waiting = waiting
        self._timeout_s = timeout_s
        self._tell = tell
        self._asked_s = clock.monotonic_s()

    def keep(self, events_a_record: float) -> None:
        """Blocks while too many wait. Raises TransientError if nothing moves for timeout_s."""
        if self._clock.monotonic_s() - self._asked_s < _ASK_EVERY_S:
            return
        moved_s, least = self._clock.monotonic_s(), self._behind()
        left = least
        while left * events_a_record > self._waiting:
            if self._clock.monotonic_s() - moved_s > self._timeout_s:
                raise TransientError(
                    f"the line stands still with {left} records to take in; see `tickerplant status`. The same command goes on from here"
                )
            time.sleep(_POLL_S)
            left = self._behind()
            if left != least:
                moved_s, least = self._clock.monotonic_s(), left
        self._asked_s = self._clock.monotonic_s()

    def _behind(self) -> float:
        """A broker that does not answer takes nothing in."""
        try:
            return behind(self._offsets, _READ)
        except TransientError as error:
            self._tell(str(error))
            return float("inf")
