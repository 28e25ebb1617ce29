"""How much of everything a run does: all of it, or --quick."""

from dataclasses import dataclass

from bench.stages import StageEffort
from bench.storage import StorageEffort


@dataclass(frozen=True, slots=True)
class Effort:
    """event_s: event time through the line at once, after as much to warm up: the broker's optimising compiler takes as much as its work until then;
    warm_up_s: in real time before the first latency run, for the same reason; latency_s: each of its runs; records, peer_s: of the peers; load_s: of the
    whole line's steady load; memory_*: ticks written at that rate, of so many symbols, with event time so many times as fast as real, after so many
    minutes of event time with one trade of each symbol, in which the histories of 64 bars of a minute fill;
    fan_out: clients of the gateway and messages a second to each, for fan_out_s; redis_writes: of one run;
    ingest_messages: at full pace; ingest_s: at the steady rate, ingest_warm_up_s before, whose records are smaller ones; reads: of each kind.
    """

    event_s: int
    warm_up_s: float
    latency_s: float
    records: int
    peer_s: float
    load_s: float
    memory_ticks: int
    memory_symbols: int
    memory_speed: float
    memory_past_minutes: int
    stages: StageEffort
    storage: StorageEffort
    fan_out: tuple[tuple[int, float], ...]
    fan_out_s: float
    redis_writes: int
    ingest_messages: int
    ingest_s: float
    ingest_warm_up_s: float
    reads: int


FULL = Effort(
    240,
    90.0,
    15.0,
    2_000_000,
    8.0,
    60.0,
    10_000_000,
    2_000,
    6.0,
    130,
    StageEffort(5, 2_000_000, 400_000, 1_000, 1_000, 5),
    StorageEffort(3, 2_000_000, 300_000, 50_000),
    ((1_000, 50.0), (10_000, 1.0)),
    15.0,
    200_000,
    2_000_000,
    20.0,
    30.0,
    15,
)
QUICK = Effort(
    40,
    2.0,
    4.0,
    300_000,
    3.0,
    10.0,
    200_000,
    200,
    6.0,
    70,
    StageEffort(1, 300_000, 60_000, 100, 50, 2),
    StorageEffort(1, 300_000, 60_000, 10_000),
    ((200, 50.0),),
    5.0,
    20_000,
    200_000,
    4.0,
    1.0,
    3,
)
DEFAULT_RATE = 100_000.0
MEMORY_RATE = 25_000.0  # below what the line carries: what waits in queues is no growth
