"""When the next frame is due."""

from typing import Protocol

from runtime.clock import Clock


class Pace(Protocol):
    """start: the first frame's time, called when playing begins. wait_s: seconds until a frame is due, 0 or less: now.

    waits_for_readers: at this frame nothing plays while nobody listens, and the reader's pace is the pace.
    """

    def start(self, ts_ns: int) -> None: ...

    def wait_s(self, ts_ns: int) -> float: ...

    def waits_for_readers(self) -> bool: ...


class MaxPace:
    """As fast as it is read."""

    def start(self, ts_ns: int) -> None:
        """Nothing to remember."""

    def wait_s(self, ts_ns: int) -> float:
        return 0.0

    def waits_for_readers(self) -> bool:
        return True


class TimelinePace:
    """The capture's own timeline, `speed` times as fast, whether or not somebody listens."""

    def __init__(self, speed: float, clock: Clock) -> None:
        self._speed = speed
        self._clock = clock
        self._start_ns = 0
        self._start_s = 0.0

    def start(self, ts_ns: int) -> None:
        self._start_ns, self._start_s = ts_ns, self._clock.monotonic_s()

    def wait_s(self, ts_ns: int) -> float:
        return (ts_ns - self._start_ns) / 1e9 / self._speed - (self._clock.monotonic_s() - self._start_s)

    def waits_for_readers(self) -> bool:
        return False


class CatchUpPace:
    """As fast as it is read until the frames' time has reached the clock's; from then on at the clock's own pace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._caught_up = False

    def start(self, ts_ns: int) -> None:
        """Nothing to remember."""

    def wait_s(self, ts_ns: int) -> float:
        wait_s = (ts_ns - self._clock.now_ns()) / 1e9
        self._caught_up = self._caught_up or wait_s > 0
        return wait_s

    def waits_for_readers(self) -> bool:
        return not self._caught_up
