"""The whole line under a steady load of envelopes that are encoded already: whether anybody falls behind, what each process costs, how late a tick comes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.figures import Spread, spread
from bench.lag import Lag, LagSampler, judge
from bench.latency import SINKS, ClientReader, TopicReader, gateway_url
from bench.local_stack import ROOT, LocalStack
from bench.throughput import Cost, cost
from bench.tick_source import symbols_of
from bench.usage import Sampler
from schemas.topics import Topic

SYMBOLS = 200
LATENCY_RATE = 20_000
CLIENT_SYMBOLS = 10
TARGET_P50_MS, TARGET_P99_MS = 5.0, 10.0
_SETTLE_S = 3.0
_DRAIN_S = 180.0


@dataclass(frozen=True, slots=True)
class Load:
    """ticks_per_s: what was really written. drained_s: from the feed's end until nobody was behind, None if three minutes were not enough."""

    asked_ticks_per_s: float
    ticks_per_s: float
    seconds: float
    ticks: int
    lags: dict[str, Lag]
    keeps_up: bool
    drained_s: float | None
    processes: dict[str, Cost]
    core_s_per_million: float


@dataclass(frozen=True, slots=True)
class LoadLatency:
    """A sample a tick, from receipt. some: a client of ten symbols; everything: one that takes every tick there is."""

    two_hops: Spread
    some: Spread
    everything: Spread


@contextmanager
def feed(stack: LocalStack, rate: float, seconds: float, *more: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m bench.tick_writer` on the stack's market.ticks.raw; ended with the block."""
    kafka = stack.settings.kafka
    words = [stack.addresses.kafka, kafka.topic(Topic.TICKS_RAW), "--partitions", str(kafka.partitions), *more]
    line = [sys.executable, "-m", "bench.tick_writer", *words, "--rate", f"{rate:g}", "--seconds", f"{seconds:g}"]
    process = subprocess.Popen(line, env=stack.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def carry(stack: LocalStack, rate: float, seconds: float, *more: str) -> Load:
    """`rate` ticks a second for so long, then until nobody is behind. Blocks. more: further options of the feed."""
    pids, sampler_of_lag = stack.pids(), LagSampler(stack)
    with feed(stack, rate, seconds, *more) as process, Sampler(lambda: pids | {"feed": process.pid}) as usage:
        with sampler_of_lag:
            told = process.communicate(timeout=seconds * 2 + 120)[0].split()
        drained_s = sampler_of_lag.drained_s(_DRAIN_S)
    if process.returncode:
        raise RuntimeError(f"the feed ended with {process.returncode}")
    ticks, wrote_s = int(told[0]), float(told[1])
    costs = {name: cost(one, ticks, name) for name, one in usage.usage().items()}
    lags = {name: judge(samples) for name, samples in sampler_of_lag.samples.items()}
    keeps_up = drained_s is not None and not any(lag.grows for lag in lags.values())
    in_all = sum(one.core_s_per_million for one in costs.values())
    return Load(rate, ticks / wrote_s, wrote_s, ticks, lags, keeps_up, drained_s, costs, in_all)


def latencies(stack: LocalStack, seconds: float) -> dict[str, LoadLatency]:
    """At 20,000 ticks a second, with all processes and with only the way to the client."""
    everything = _latency(stack, seconds, "L")
    with stack.paused((*SINKS, "process-alerts")):
        return {"all processes": everything, "without sinks and bars": _latency(stack, seconds, "N")}


def _latency(stack: LocalStack, seconds: float, prefix: str) -> LoadLatency:
    """One reader after the other: each takes time of the cores from what it measures."""
    some = symbols_of(SYMBOLS, stack.settings.kafka.partitions, prefix)[:: SYMBOLS // CLIENT_SYMBOLS]
    url = gateway_url(stack)
    total_s = 3 * (seconds + _SETTLE_S) + 60
    with feed(stack, LATENCY_RATE, total_s, "--prefix", prefix):
        time.sleep(_SETTLE_S)
        spreads = [_read(reader, seconds) for reader in (TopicReader(stack, Topic.TICKS), ClientReader(url, some), ClientReader(url))]
    return LoadLatency(*spreads)


def _read(reader: TopicReader | ClientReader, seconds: float) -> Spread:
    with reader:
        time.sleep(_SETTLE_S)
        start_ns = time.time_ns()
        time.sleep(seconds)
    return spread(reader.after(start_ns))
