"""How fast one sink process goes through a topic that is full already: from the first record that is stored to the last."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.own_database import OwnDatabase
from bench.own_line import OwnLine
from bench.usage import Sampler

_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Run:
    """core_s: of the writing process; server_core_s: of the server, 0 where it is not known; peak_mb: resident memory of the writer."""

    rows: int
    seconds: float
    core_s: float
    server_core_s: float
    peak_mb: float


def sink_run(line: OwnLine, sink: str, database: OwnDatabase, rows: int, records: int) -> Run:
    """rows: that all records of the topic make."""
    if sink == "timescale":
        return _run(line, sink, database, rows, lambda: database.moved_records() / records, 0.02)
    # Its own page is asked: that costs it a millisecond, so seldom.
    return _run(line, sink, database, rows, lambda: line.counted("sink-redis", "tickerplant_ticks_in_total") / rows, 0.25)


def _run(line: OwnLine, sink: str, database: OwnDatabase, rows: int, done: Callable[[], float], interval_s: float) -> Run:
    """`done`: the share of the records that the sink is through with."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    line.start_sink(sink, database.url)
    begun = _wait(line, done, 0.0, interval_s, deadline_s)
    start_s = time.monotonic()
    with line.sampler(postgres=database.server_pid()) as sampler:
        _wait(line, done, 0.999_999, interval_s, deadline_s)
        seconds = time.monotonic() - start_s
    usage = sampler.usage()
    own, server = usage[f"sink-{sink}"], usage.get("postgres")
    return Run(round(rows * (1 - begun)), seconds, own.core_s, server.core_s if server else 0.0, own.peak_bytes / 1e6)


def _wait(line: OwnLine, done: Callable[[], float], above: float, interval_s: float, deadline_s: float) -> float:
    while (share := done()) <= above:
        line.check(deadline_s)
        time.sleep(interval_s)
    return share


def measured(work: Callable[[], object], rows: int, server_pid: int) -> Run:
    """The same of something that this process does itself; its memory says nothing."""
    roots = {"postgres": server_pid} if server_pid else {}
    with Sampler(lambda: roots) as sampler:
        start_s, core_s = time.monotonic(), time.process_time()
        work()
        seconds, core_s = time.monotonic() - start_s, time.process_time() - core_s
    server = sampler.usage().get("postgres")
    return Run(rows, seconds, core_s, server.core_s if server else 0.0, 0.0)
