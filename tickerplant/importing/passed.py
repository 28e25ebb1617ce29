"""Waiting until the line has taken an import in: reader by reader in the order of the line, while a feed may go on writing."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from runtime.clock import Clock
from runtime.errors import TransientError
from schemas.topics import Topic
from tickerplant.replay.offsets import GROUPS, SINK_TIMESCALE, Ends, Offsets

_POLL_S = 0.2
# What each step reads; its outputs are the inputs of the next. A reader has delivered what follows from a record before it commits it.
STEPS: tuple[tuple[Topic, ...], ...] = (
    (Topic.TICKS_RAW,),
    (Topic.TICKS, Topic.BARS_RAW),
    (Topic.BARS, Topic.GAPS, Topic.QUALITY),
    (Topic.INDICATORS,),
    (Topic.SIGNALS,),
)
Tell = Callable[[str], None]


def readers_of(topics: tuple[Topic, ...]) -> Mapping[str, tuple[Topic, ...]]:
    """Who of the line reads any of the topics, and which. The sinks for people and alerts are not waited for."""
    everyone = {**{name: read for name, read in GROUPS.items() if name not in ("alerts", "sink-redis")}, "sink-timescale": SINK_TIMESCALE}
    found = {name: tuple(topic for topic in read if topic in topics) for name, read in everyone.items()}
    return {name: read for name, read in found.items() if read}


def wait_until_passed(offsets: Offsets, clock: Clock, timeout_s: float, tell: Tell) -> dict[str, int]:
    """{} once everything that is in the raw topics now has reached the tables; else what is left by reader after timeout_s without progress."""
    for topics in STEPS:
        left = _wait(partial(_left, offsets, topics, offsets.settled_ends(topics)), clock, timeout_s, tell)
        if left:
            return left
    return {}


def behind(offsets: Offsets, topics: tuple[Topic, ...]) -> int:
    """Records of the topics that some reader has not taken yet; the slowest counts."""
    return max(_left(offsets, topics, offsets.ends(topics)).values(), default=0)


def _wait(ask: Callable[[], dict[str, int]], clock: Clock, timeout_s: float, tell: Tell) -> dict[str, int]:
    left = {"unknown": -1}
    progress_s = clock.monotonic_s()
    while left and clock.monotonic_s() - progress_s < timeout_s:
        try:
            found = ask()
        except TransientError as error:
            tell(str(error))
        else:
            if found != left:
                progress_s = clock.monotonic_s()
                tell("taking in: " + (", ".join(f"{name} {records}" for name, records in found.items()) or "nothing left"))
            left = found
        if left:
            time.sleep(_POLL_S)
    return left


def _left(offsets: Offsets, topics: tuple[Topic, ...], ends: Ends) -> dict[str, int]:
    starts = offsets.starts(topics)
    answer: dict[str, int] = {}
    for name, read in readers_of(topics).items():
        at = offsets.stored() if name == "sink-timescale" else offsets.committed(name, offsets.places(read))
        left = sum(max(0, ends[place] - max(at.get(place, 0), starts[place])) for place in offsets.places(read))
        if left:
            answer[name] = left
    return answer
