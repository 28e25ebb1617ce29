"""How long a tick waits for others that share its envelope. Pure.

Every reader pays by the record as well as by the tick. At 1,000 ticks a second half a millisecond costs nobody anything; at 100,000 it makes envelopes of a dozen
ticks, and the line spends more on records than on ticks. So the wait grows with what comes: of 20,000 ticks a second it is 1 ms, of 100,000 it is 5. And where
the broker has not yet taken the envelopes before, up to four times as long: they would only stand in a queue, and what shares cores with it is as busy.
"""

_S_PER_FRAME_PER_S = 5e-8
_UNDELIVERED_TIMES = 4
_STEP_S = 0.001  # the event loop's timers count whole milliseconds
_SMOOTHED_S = 0.1  # a burst of a few milliseconds is no rate


class FlushPace:
    """interval_s, most_s: the least and the longest wait."""

    def __init__(self, interval_s: float, most_s: float) -> None:
        self._interval_s = interval_s
        self._most_s = most_s
        self._frames_per_s = 0.0
        self._passed_s: float | None = None

    def pause_s(self, waited_s: float, all_delivered: bool) -> float:
        """How long to wait now, after waited_s since the last frames were taken; 0: take the next ones. all_delivered: of the envelopes before."""
        usual_s = self._within(self._frames_per_s * _S_PER_FRAME_PER_S)
        longest_s = self._within(self._frames_per_s * _S_PER_FRAME_PER_S * _UNDELIVERED_TIMES)
        if waited_s < usual_s:
            return usual_s - waited_s
        return 0.0 if all_delivered else max(0.0, min(_STEP_S, longest_s - waited_s))

    def _within(self, wait_s: float) -> float:
        return max(self._interval_s, min(self._most_s, wait_s))

    def take(self, frames: int, now_s: float) -> None:
        """So many came since the last call. now_s: of a clock that only goes on."""
        if self._passed_s is not None and now_s > self._passed_s:
            passed_s = now_s - self._passed_s
            self._frames_per_s += (frames / passed_s - self._frames_per_s) * min(1.0, passed_s / _SMOOTHED_S)
        self._passed_s = now_s
