"""How long a tick waits for others that share its envelope. Pure.

Every reader pays by the record as well as by the tick. At 1,000 ticks a second half a millisecond costs nobody anything; at 100,000 it makes envelopes of a dozen
ticks, and the line spends more on records than on ticks. So the wait grows with what comes: 4 ms at 20,000 ticks a second, 10 ms from 50,000 on.
"""

_S_PER_FRAME_PER_S = 2e-7
_SMOOTHED_S = 0.1  # a burst of a few milliseconds is no rate


class FlushPace:
    """interval_s, most_s: the least and the longest wait. The ingestors' event loop counts whole milliseconds: less than half a one is a turn of it."""

    def __init__(self, interval_s: float, most_s: float) -> None:
        self._interval_s = interval_s
        self._most_s = most_s
        self._frames_per_s = 0.0
        self._passed_s: float | None = None

    @property
    def wait_s(self) -> float:
        """Before the next frames are taken."""
        return max(self._interval_s, min(self._most_s, self._frames_per_s * _S_PER_FRAME_PER_S))

    def take(self, frames: int, now_s: float) -> None:
        """So many came since the last call. now_s: of a clock that only goes on."""
        if self._passed_s is not None and now_s > self._passed_s:
            passed_s = now_s - self._passed_s
            self._frames_per_s += (frames / passed_s - self._frames_per_s) * min(1.0, passed_s / _SMOOTHED_S)
        self._passed_s = now_s
