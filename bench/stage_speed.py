"""How fast one stage's real process goes through a topic that is full already: from the first record it is through with to the last one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.own_line import OwnLine
from bench.stage_cores import START_NS
from bench.tick_source import TickSource, symbols_of
from bench.tick_writer import SOURCE, write_all
from schemas.topics import Topic

_TIMEOUT_S = 300.0
_EVENT_TICKS_PER_S = 8_000.0  # 20 trades a second of each of 400 symbols: 1,200 a bar


@dataclass(frozen=True, slots=True)
class Run:
    """ticks_per_s by the wall's clock, with the broker and whatever else the machine does beside it; ticks_per_core_s by what the process itself used."""

    ticks: int
    ticks_per_s: float
    ticks_per_core_s: float


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians. core_only: the pure core's ticks a second, without Kafka. reached: the wall's; reached_by_core_time: that of the process's own time."""

    what: str
    target: float
    runs: int
    ticks_per_s: float
    ticks_per_core_s: float
    core_s_per_million: float
    core_only_ticks_per_s: float
    reached: bool
    reached_by_core_time: bool


def summary(what: str, target: float, runs: list[Run], core_only: float) -> Speed:
    wall, own = median(run.ticks_per_s for run in runs), median(run.ticks_per_core_s for run in runs)
    return Speed(what, target, len(runs), wall, own, 1e6 / own, core_only, wall >= target, own >= target)


def load(line: OwnLine, group: int, ticks: int) -> int:
    """Fills market.ticks.raw with envelopes of `group` ticks of 400 symbols; returns how many ticks."""
    partitions = line.kafka.partitions
    source = TickSource(SOURCE, symbols_of(max(400, group * partitions), partitions, "S"), partitions, group)
    return write_all(source, line.publisher(), ticks, _EVENT_TICKS_PER_S, START_NS)


def validate_run(line: OwnLine, ticks: int, records: int) -> Run:
    """Until every input record has its output on the broker. records: of the input."""
    with line.ends(Topic.TICKS) as ends:
        return _run(line, "validate", ticks, lambda: ends.count() / records)


def bars_run(line: OwnLine, ticks: int) -> Run:
    """Until the process has counted every tick; the bars come too seldom to show how far it is."""
    return _run(line, "bars", ticks, lambda: line.counted("bars", "tickerplant_ticks_in_total") / ticks)


def _run(line: OwnLine, stage: str, ticks: int, done: Callable[[], float]) -> Run:
    """`done`: the share of the input that the stage is through with."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    line.start(stage)
    begun = _wait(line, done, 0.0, deadline_s)
    start_s = time.monotonic()
    with line.sampler() as sampler:
        _wait(line, done, 0.999_999, deadline_s)
        seconds = time.monotonic() - start_s
    passed = ticks * (1 - begun)
    return Run(ticks, passed / seconds, passed / sampler.usage()[stage].core_s)


def _wait(line: OwnLine, done: Callable[[], float], above: float, deadline_s: float) -> float:
    while (share := done()) <= above:
        line.check(deadline_s)
        time.sleep(0.005)
    return share
