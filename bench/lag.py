"""Whether readers keep up: how far each is behind, sampled while a feed writes, and a verdict. What judges is pure."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from bench.local_stack import LocalStack
from runtime.errors import TransientError
from schemas.topics import Topic
from tickerplant.replay.offsets import GROUPS, SINK_TIMESCALE, Offsets

_INTERVAL_S = 1.0
_GROWTH_S = 1.0  # commits come once a second: a difference of one says nothing
READERS: dict[str, tuple[Topic, ...]] = {**GROUPS, "sink-timescale": SINK_TIMESCALE}


@dataclass(frozen=True, slots=True)
class Sample:
    """behind: records between a reader's committed position and the end of its topics; written: records that its topics hold."""

    at_s: float
    behind: int
    written: int


@dataclass(frozen=True, slots=True)
class Lag:
    """Of one reader, in seconds of its own input at the mean rate. start_s, end_s: medians of the first and the last third of the samples."""

    start_s: float
    end_s: float
    peak_s: float
    grows: bool


def judge(samples: Sequence[Sample]) -> Lag:
    """grows: the last third is more than a second further behind than the first. What was sampled before the first record came does not count.

    Of fewer than three samples, or a reader without input: no lag.
    """
    begin = max((index for index, one in enumerate(samples) if one.written == samples[0].written), default=0)
    samples = samples[begin:]
    if len(samples) < 3:
        return Lag(0.0, 0.0, 0.0, False)
    rate = (samples[-1].written - samples[0].written) / (samples[-1].at_s - samples[0].at_s)
    seconds = [one.behind / rate for one in samples]
    third = len(seconds) // 3
    start_s, end_s = median(seconds[:third]), median(seconds[-third:])
    return Lag(start_s, end_s, max(seconds), end_s - start_s > _GROWTH_S)


class LagSampler:
    """Asks once a second, on a thread of its own, inside a `with` block."""

    def __init__(self, stack: LocalStack) -> None:
        kafka, addresses = stack.settings.kafka, stack.addresses
        self._offsets = Offsets(kafka, addresses.kafka, addresses.postgres)
        self._places = {name: [(kafka.topic(t), p) for t in topics for p in range(kafka.partitions)] for name, topics in READERS.items()}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lag", daemon=True)
        self.samples: dict[str, list[Sample]] = {name: [] for name in READERS}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def drained_s(self, timeout_s: float) -> float | None:
        """Seconds until nobody is behind; None if that does not come. For after the `with` block."""
        start_s = time.monotonic()
        while time.monotonic() - start_s < timeout_s:
            if not self._offsets.behind()[0]:
                return time.monotonic() - start_s
            time.sleep(0.1)
        return None

    def _run(self) -> None:
        while not self._stop.wait(_INTERVAL_S):
            try:
                behind, ends = self._offsets.behind()
            except TransientError:
                continue  # a busy broker: one sample less
            for name, places in self._places.items():
                self.samples[name].append(Sample(time.monotonic(), behind.get(name, 0), sum(ends[place] for place in places)))
