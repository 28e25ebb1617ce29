"""A Faust worker can go quiet while everything looks healthy (its users met it after days, rebalances and broker restarts). The watchdog judges progress,
on a thread of its own, so that a stuck event loop is seen too, and ends the process: the next start goes on from the last commit."""

import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from runtime import metrics
from runtime.clock import Clock
from runtime.faust_stage.exits import stop_loudly

_INTERVAL_S = 1.0
_ASK_KAFKA_EVERY = 3  # intervals
_KAFKA_TIMEOUT_S = 2.0
# Partitions take turns. Where records are heavy and cores are short, the next turn of one can be more than a minute away: ending the process then would only
# take more of what is short. A partition that is really forgotten is still found.
_OTHERS_TURN = 0.2


class Moving(NamedTuple):
    """number: changes with progress. has_work: there is anything to do. takes_turns: while the stage works for others, a second counts _OTHERS_TURN of one."""

    number: int
    has_work: bool
    takes_turns: bool = False


class StallDetector:
    """Pure: fed once an interval, says what stands still. Time counts only while Kafka answers, because without it nothing can move."""

    def __init__(self, stall_timeout_s: float) -> None:
        self._stall_timeout_s = stall_timeout_s
        self._still_s: dict[str, float] = {}
        self._last: dict[str, int] = {}

    def observe(self, moving: Mapping[str, Moving], elapsed_s: float, kafka_up: bool, busy_s: float = 0.0) -> str:
        """busy_s: how much of the time the stage was at work. Returns what is stalled, else ""."""
        if not kafka_up:
            self._still_s.clear()
            return ""
        waited_s = elapsed_s - (1 - _OTHERS_TURN) * min(busy_s, elapsed_s)
        for name, (number, has_work, takes_turns) in moving.items():
            if not has_work or self._last.get(name) != number:
                self._still_s[name] = 0.0
            else:
                self._still_s[name] = self._still_s.get(name, 0.0) + (waited_s if takes_turns else elapsed_s)
        self._last = {name: one.number for name, one in moving.items()}
        self._still_s = {name: still_s for name, still_s in self._still_s.items() if name in moving}
        return next((name for name, still_s in self._still_s.items() if still_s > self._stall_timeout_s), "")


class Watchdog(threading.Thread):
    """Daemon thread. progress: called on this thread, must not block; ask_kafka: may block for the given seconds; busy_s: how long the stage has worked in all."""

    def __init__(
        self,
        stage: str,
        stall_timeout_s: float,
        clock: Clock,
        progress: Callable[[], Mapping[str, Moving]],
        ask_kafka: Callable[[float], bool],
        busy_s: Callable[[], float],
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._detector = StallDetector(stall_timeout_s)
        self._timeout_s = stall_timeout_s
        self._clock = clock
        self._progress = progress
        self._ask_kafka = ask_kafka
        self._busy_s = busy_s
        self._up = metrics.PART_UP.labels(stage, "kafka")
        self._over = threading.Event()
        self.kafka_up = False

    def run(self) -> None:
        rounds, last_s, last_busy_s = 0, self._clock.monotonic_s(), self._busy_s()
        while not self._over.wait(_INTERVAL_S):
            if rounds % _ASK_KAFKA_EVERY == 0 or not self.kafka_up:
                self.kafka_up = self._ask_kafka(_KAFKA_TIMEOUT_S)
                self._up.set(self.kafka_up)
            now_s, busy_s = self._clock.monotonic_s(), self._busy_s()
            stalled = self._detector.observe(self._progress(), now_s - last_s, self.kafka_up, busy_s - last_busy_s)
            rounds, last_s, last_busy_s = rounds + 1, now_s, busy_s
            if stalled and not self._over.is_set():
                stop_loudly("stage_stalled", what=stalled, timeout_s=self._timeout_s)

    def stop(self) -> None:
        """No verdict after this: an orderly stop may take its time."""
        self._over.set()
