"""What processes cost: core-seconds and resident memory of named process trees, read from the system while they run."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import psutil

_INTERVAL_S = 0.5  # one look at all processes of the machine takes some milliseconds


@dataclass(slots=True)
class Usage:
    """core_s: user and system time since the sampler started, ended children included; rss and peak in bytes, summed over the tree."""

    core_s: float = 0.0
    rss_bytes: int = 0
    peak_bytes: int = 0


@dataclass(slots=True)
class _Seen:
    """One process of a tree. started_core_s: what it had used before the sampler saw it first, if it was there before."""

    name: str
    before_core_s: float
    core_s: float = 0.0


@dataclass(slots=True)
class _Totals:
    rss: dict[str, int] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)


class Sampler:
    """Follows process trees in a thread of its own. `roots` is asked again at every sample, so that a restarted process is followed too.

    A process that lives shorter than the interval of half a second is missed; the pipeline has none.
    """

    def __init__(self, roots: Callable[[], Mapping[str, int]]) -> None:
        self._roots = roots
        self._seen: dict[tuple[int, float], _Seen] = {}
        self._totals = _Totals()
        self._used: list[tuple[float, dict[str, float]]] = []  # core-seconds by root name, by the time of the sample
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def __enter__(self) -> Self:
        self._sample(first=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    def usage(self, until_s: float = math.inf) -> dict[str, Usage]:
        """By root name. until_s, of the monotonic clock: core-seconds as of the first sample then or later, or else of the last one."""
        found = {name: Usage(0.0, rss, self._totals.peak[name]) for name, rss in self._totals.rss.items()}
        used = next((used for at_s, used in self._used if at_s >= until_s), self._used[-1][1])
        for name, core_s in used.items():
            found.setdefault(name, Usage()).core_s = core_s
        return found

    def _used_now(self) -> dict[str, float]:
        used: dict[str, float] = {}
        for seen in self._seen.values():
            used[seen.name] = used.get(seen.name, 0.0) + seen.core_s - seen.before_core_s
        return used

    def _run(self) -> None:
        while not self._stop.wait(_INTERVAL_S):
            self._sample()

    def _sample(self, first: bool = False) -> None:
        rss: dict[str, int] = {}
        for name, process in members(self._roots()):
            rss[name] = rss.get(name, 0) + self._read(name, process, first)
        self._used.append((time.monotonic(), self._used_now()))
        self._totals.rss |= rss
        for name, size in rss.items():
            self._totals.peak[name] = max(self._totals.peak.get(name, 0), size)

    def _read(self, name: str, process: psutil.Process, first: bool) -> int:
        """Resident bytes of the process; 0 if it has just ended."""
        try:
            with process.oneshot():
                times, memory, started = process.cpu_times(), process.memory_info(), process.create_time()
        except psutil.Error:
            return 0
        core_s = times.user + times.system
        seen = self._seen.setdefault((process.pid, started), _Seen(name, core_s if first else 0.0))
        seen.core_s = max(seen.core_s, core_s)
        return int(memory.rss - memory.shared) if seen.name == "postgres" else int(memory.rss)


def members(roots: Mapping[str, int]) -> Iterator[tuple[str, psutil.Process]]:
    """Every running process that descends from a root, under the name of its nearest one: a root may be below another."""
    names = {pid: name for name, pid in roots.items()}
    running = {process.pid: process for process in psutil.process_iter(["ppid"])}
    for pid, process in running.items():
        above: int | None = pid
        while above is not None and above not in names:
            above = running[above].info["ppid"] if above in running else None
        if above is not None:
            yield names[above], process
