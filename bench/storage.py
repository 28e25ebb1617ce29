"""The sinks by themselves, held against their targets: real processes and servers, beside a plain COPY and INSERT ... ON CONFLICT into the same tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import median

from bench import storage_limits
from bench.local_stack import LocalStack
from bench.own_database import OwnDatabase
from bench.own_line import OwnLine
from bench.sink_feed import load_bars, load_ticks, records_of
from bench.sink_speed import Run, sink_run
from schemas.topics import Topic

TICKS_TARGET = 250_000.0
BARS_TARGET = 60_000.0
MEMORY_LIMIT_MB = 150.0


@dataclass(frozen=True, slots=True)
class StorageEffort:
    """ticks and bars through the sinks, runs of each; inserts: rows of INSERT ... ON CONFLICT."""

    runs: int
    ticks: int
    bars: int
    inserts: int


@dataclass(frozen=True, slots=True)
class Way:
    """Rows into a table in one way, medians. core_us, server_us: of a row, ours and PostgreSQL's. target: rows a second of one core of ours; 0: none."""

    what: str
    rows_per_s: float
    rows_per_core_s: float
    core_us: float
    server_us: float
    memory_mb: float
    target: float = 0.0

    @property
    def reached(self) -> bool:
        return self.rows_per_core_s >= self.target and self.memory_mb < MEMORY_LIMIT_MB


@dataclass(frozen=True, slots=True)
class Storage:
    """server: its version. tick_bytes: of a row with its index; compressed_tick_bytes: the same as columns, nan without TimescaleDB."""

    server: str
    ways: list[Way]
    tick_bytes: float
    compressed_tick_bytes: float


def measure(stack: LocalStack, effort: StorageEffort, postgres: str = "") -> Storage:
    """Blocks for some seconds a run. The caller holds our other processes still. postgres: URL of a server to use instead of the stack's."""
    server = postgres or stack.addresses.postgres
    rows = effort.ticks // 2
    with OwnDatabase(server) as database:
        limits = [way_of("COPY from a file (the limit)", [storage_limits.copy(database, stack.data_dir / "ticks.copy", rows)])]
        sizes = database.tick_bytes()
    with OwnDatabase(server) as database:
        limits.append(way_of("INSERT ... ON CONFLICT, 1,000 rows a batch", [storage_limits.insert(database, effort.inserts)]))
        version = database.version()
    with OwnLine(stack, "bench-storage") as line:
        ticks, bars = load_ticks(line, effort.ticks), load_bars(line, effort.bars)
        topics = {topic: line.kafka.topic(topic) for topic in (Topic.TICKS, Topic.BARS)}

        def runs(sink: str, topic: Topic, rows: int, number: int) -> Run:
            return _one(stack, server, sink, f"{sink}-{topic}-{number}", {topic: topics[topic]}, rows, records_of(line, topic))

        ways = [
            _repeated("sink-timescale, ticks", effort, lambda number: runs("timescale", Topic.TICKS, ticks, number), TICKS_TARGET),
            _repeated("sink-timescale, bars (upsert)", effort, lambda number: runs("timescale", Topic.BARS, bars, number), BARS_TARGET),
            _repeated("sink-redis, ticks", replace(effort, runs=1), lambda number: runs("redis", Topic.TICKS, ticks, number)),
        ]
    return Storage(version, [*limits, *ways], *sizes)


def _one(stack: LocalStack, server: str, sink: str, name: str, shared: Mapping[Topic, str], rows: int, records: int) -> Run:
    """One sink process from the first to the last record of a topic, into an empty database."""
    with OwnDatabase(server) as database, OwnLine(stack, f"bench-{name.replace('.', '-')}", shared) as line:
        return sink_run(line, sink, database, rows, records)


def _repeated(what: str, effort: StorageEffort, run: Callable[[int], Run], target: float = 0.0) -> Way:
    return way_of(what, [run(number) for number in range(effort.runs)], target)


def way_of(what: str, runs: list[Run], target: float = 0.0) -> Way:
    """Medians of the runs, and the largest memory."""

    def middle(value: Callable[[Run], float]) -> float:
        return median(value(run) for run in runs)

    core_us = middle(lambda run: run.core_s / run.rows * 1e6)
    return Way(
        what, middle(lambda run: run.rows / run.seconds), 1e6 / core_us, core_us, middle(lambda run: run.server_core_s / run.rows * 1e6),
        max(run.peak_mb for run in runs), target,
    )  # fmt: skip
