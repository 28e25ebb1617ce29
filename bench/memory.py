"""Whether processes stay as large as they are while many ticks of many symbols go through, and what one symbol takes in the stages' snapshots."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

import psutil

from bench import stage_cores
from bench.local_stack import SERVERS, LocalStack
from bench.pipeline import carry
from bench.throughput import MEMORY_LIMIT_MB
from bench.tick_source import TickSource, symbols_of
from processors.bars.core import BarsCore
from processors.indicators.core import IndicatorsCore
from processors.signals.core import SignalsCore
from processors.validate.core import ValidateCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, StageCore
from schemas.headers import SYMBOLS
from schemas.topics import Topic

_INTERVAL_S = 0.5
_GROWTH_MB, _GROWTH_SHARE = 3.0, 0.05  # an allocator's own pages come and go
_MINUTES = 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """Resident MB of one process: medians of the second quarter of the run (in the first what the past left waiting is read) and of the last one."""

    second_quarter_mb: float
    last_quarter_mb: float
    peak_mb: float
    flat: bool
    over_limit: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """state_bytes: of one symbol in each stage's snapshot, before compression, after `state_minutes` minutes with all their bars."""

    ticks: int
    symbols: int
    sizes: dict[str, Size]
    flat: bool
    drained: bool
    state_minutes: int
    state_bytes: dict[str, int]


def judge(samples: Sequence[float]) -> Size:
    """Of MB in the order of time, at least four."""
    quarter = len(samples) // 4
    before, after = median(samples[quarter : 2 * quarter]), median(samples[-quarter:])
    peak = max(samples)
    return Size(before, after, peak, after - before <= max(_GROWTH_MB, _GROWTH_SHARE * before), peak > MEMORY_LIMIT_MB)


def measure(stack: LocalStack, ticks: int, symbols: int, rate: float, speed: float, past_minutes: int) -> Memory:
    """Writes so many minutes with one trade of each symbol, which fill the histories; then the ticks at `rate`, event time `speed` times as fast as real,
    and follows our processes from there until nobody is behind."""
    pids = {name: pid for name, pid in stack.pids().items() if name not in SERVERS}
    options = ("--symbols", str(symbols), "--prefix", "R", "--group", "50", "--speed", f"{speed:g}", "--past-minutes", str(past_minutes))
    with _Sizes(pids) as sizes:
        load = carry(stack, rate, ticks / rate, *options)
    sizes.check()
    found = {name: judge(samples) for name, samples in sizes.of_last(load.seconds + (load.drained_s or 0)).items() if len(samples) >= 4}
    flat = all(one.flat for one in found.values())
    return Memory(load.ticks, symbols, found, flat, load.drained_s is not None, _MINUTES, state_bytes(_MINUTES))


class _Sizes:
    """Resident MB by process, about twice a second."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._samples: dict[str, list[tuple[float, float]]] = {name: [] for name in pids}  # by the machine's seconds
        self._stop = threading.Event()
        self._ended = ""
        self._thread = threading.Thread(target=self._run, name="sizes", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def of_last(self, seconds: float) -> dict[str, list[float]]:
        """In the order of time, of each process by name."""
        begin_s = max((one[-1][0] for one in self._samples.values() if one), default=0.0) - seconds
        return {name: [mb for at_s, mb in self._samples[name] if at_s >= begin_s] for name in sorted(self._samples)}

    def check(self) -> None:
        """Raises RuntimeError if a process ended meanwhile."""
        if self._ended:
            raise RuntimeError(f"{self._ended} ended during the run; its log says why")

    def _run(self) -> None:
        while not self._stop.wait(_INTERVAL_S):
            for name, process in self._processes.items():
                try:
                    self._samples[name].append((time.monotonic(), process.memory_info().rss / 1e6))
                except psutil.NoSuchProcess:
                    self._ended = name
                    return


def state_bytes(minutes: int) -> dict[str, int]:
    """Bytes of one more symbol in each stage's snapshot, after a trade every ten seconds for so many minutes."""
    small, large = _snapshots(minutes, 1), _snapshots(minutes, 2)
    return {name: max(len(large[name]) - len(small[name]), 0) for name in small}


def _snapshots(minutes: int, symbols: int) -> dict[str, bytes]:
    settings = ProcessSettings()
    cores: dict[str, StageCore] = {
        "validate": ValidateCore(),
        "bars": BarsCore(settings),
        "indicators": IndicatorsCore(settings),
        "signals": SignalsCore(settings),
    }
    source = TickSource("bench", symbols_of(symbols, 1, "B"), 1, symbols)
    for step in range(minutes * 6):
        segment = source.segment(stage_cores.START_NS + step * 10_000_000_000)
        value = source.envelope([segment], 0)
        _through(list(cores.values()), InputRecord(Topic.TICKS_RAW, 0, step, None, value, {SYMBOLS: segment.symbols}))
    return {name: core.snapshot() for name, core in cores.items()}


def _through(cores: list[StageCore], record: InputRecord) -> None:
    """One record and what comes of it, through this stage and the next ones."""
    if not cores:
        return
    for output in cores[0].apply(record):
        if output.topic in (Topic.TICKS, Topic.BARS, Topic.INDICATORS):
            _through(cores[1:], InputRecord(output.topic, 0, record.offset, output.key, output.value, record.headers))
