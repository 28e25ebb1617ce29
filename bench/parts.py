"""The parts of a run, in their order: each measures on the stack that runs, adds its figures and prints its table."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import (
    bare_hop,
    fan_out,
    fan_out_text,
    ingest,
    ingest_text,
    latency,
    memory,
    parsers,
    pipeline,
    pipeline_text,
    reading,
    redis_speed,
    report,
    stages,
    stages_text,
    storage,
    storage_text,
    throughput,
)
from bench.captures import MEASURED, TICKS_PER_S, WARM_UP, write_capture
from bench.effort import MEMORY_RATE, Effort
from bench.local_stack import SERVERS, LocalStack
from bench.memory_text import memory_text
from bench.peers import race

_LOAD_WARM_UP = (60_000.0, 40.0)  # the broker's optimising compiler takes as much as its work until then


@dataclass(slots=True)
class Run:
    """One run on one stack. rate: ticks a second of the whole line's steady load; postgres: URL of a server for `storage` and `reading`, "" for the stack's;
    figures: by part, for the JSON.
    """

    stack: LocalStack
    effort: Effort
    rate: float
    postgres: str = ""
    figures: dict[str, Any] = field(default_factory=dict)

    def ours(self) -> list[str]:
        return [name for name in self.stack.pids() if name not in SERVERS]

    def show(self, name: str, result: Any, text: str) -> None:
        self.figures[name] = result
        print(text, flush=True)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _latency(run: Run) -> None:
    effort = run.effort
    say(f"latency: twice {2 * effort.latency_s:.0f} s in real time, after {effort.warm_up_s:.0f} s to warm up")
    latencies = latency.with_and_without_sinks(run.stack, effort.warm_up_s, effort.latency_s)
    with run.stack.paused(run.ours()):
        hop = bare_hop.measure(run.stack, effort.latency_s)
    run.figures["bare_hop"] = hop
    run.show("latency", latencies, report.latency_text(latencies, hop))


def _throughput(run: Run) -> None:
    say(f"replay to tables: {run.effort.event_s:,} s of event time with {TICKS_PER_S:,} ticks each")
    folder = run.stack.data_dir
    warm_up = write_capture(folder / "warm_up.txt", WARM_UP, run.effort.event_s)
    result = throughput.measure(run.stack, warm_up, write_capture(folder / "capture.txt", MEASURED, run.effort.event_s))
    run.show("throughput", result, report.throughput_text(result))


def _pipeline(run: Run) -> None:
    say(f"whole line: {run.rate:,.0f} ticks/s for {run.effort.load_s:.0f} s, then latency at {pipeline.LATENCY_RATE:,} ticks/s")
    pipeline.carry(run.stack, *_LOAD_WARM_UP, "--prefix", "U")
    load = pipeline.carry(run.stack, run.rate, run.effort.load_s)
    run.show("pipeline", load, pipeline_text.load_text(load))
    latencies = pipeline.latencies(run.stack, run.effort.latency_s)
    run.show("latency_under_load", latencies, pipeline_text.load_latency_text(latencies))


def _memory(run: Run) -> None:
    effort = run.effort
    say(f"memory: {effort.memory_ticks:,} ticks of {effort.memory_symbols:,} symbols")
    result = memory.measure(
        run.stack, effort.memory_ticks, effort.memory_symbols, MEMORY_RATE, effort.memory_speed, effort.memory_past_minutes
    )
    run.show("memory", result, memory_text(result))


def _stages(run: Run) -> None:
    say(f"stages alone: {run.effort.stages.runs} runs of each")
    with run.stack.paused(run.ours()):
        result = stages.measure(run.stack, run.effort.stages)
    run.show("stages", result, stages_text.stages_text(result))


def _storage(run: Run) -> None:
    say(f"sinks alone: {run.effort.storage.runs} runs of each")
    with run.stack.paused(run.ours()):
        result = storage.measure(run.stack, run.effort.storage, run.postgres)
    run.show("storage", result, storage_text.storage_text(result))


def _ingest(run: Run) -> None:
    effort = run.effort
    say(
        f"ingestor: {effort.ingest_messages:,} messages at full pace, four times {effort.ingest_s:.0f} s at {ingest.LATENCY_RATE:,} a second"
    )
    with run.stack.paused(run.ours()):
        result = ingest.measure(run.stack, effort.ingest_messages, effort.ingest_s, effort.ingest_warm_up_s)
    run.show("ingest", result, ingest_text.ingest_text(result))


def _reading(run: Run) -> None:
    say(f"reading: {run.effort.reads} reads of each")
    with run.stack.paused(run.ours()):
        result = reading.measure(run.postgres or run.stack.addresses.postgres, run.effort.reads)
    run.show("reading", result, reading.reading_text(result))


def _parsers(run: Run) -> None:
    say("parsers: recorded frames, ours and those of the peers that are installed")
    with run.stack.paused(run.ours()):
        result = parsers.measure(run.stack.data_dir / "parsers")
    run.show("parsers", result, parsers.parsers_text(result))


def _redis(run: Run) -> None:
    say(f"redis: {run.effort.stages.runs} runs of {run.effort.redis_writes:,} writes")
    with run.stack.paused(run.ours()):
        result = redis_speed.measure(run.stack.addresses.redis, run.effort.redis_writes, run.effort.stages.runs)
    run.show("redis", result, redis_speed.redis_text(result))


def _peers(run: Run) -> None:
    """With our own processes held still: the peers have the cores and the broker for themselves."""
    say(f"peers: {run.effort.records:,} records each, or {run.effort.peer_s:.0f} s")
    stack, effort = run.stack, run.effort
    with stack.paused(run.ours()):
        raced = race.measure(stack.settings.kafka, stack.addresses.kafka, stack.data_dir / "peers", effort.records, effort.peer_s)
    run.show("peers", raced, report.peers_text(raced))


def _gateway(run: Run) -> None:
    loads = run.effort.fan_out
    say(
        f"gateway: {', '.join(f'{clients:,} clients at {per_s:g}/s' for clients, per_s in loads)}, {run.effort.fan_out_s:.0f} s each, twice"
    )
    with run.stack.paused(run.ours()):
        result = fan_out.measure(run.stack, run.effort.fan_out_s, loads)
    run.show("gateway", result, fan_out_text.fan_out_text(result))


# Those that hold our processes still come last: what was held for minutes has lost its place in its group.
PARTS: dict[str, Callable[[Run], None]] = {
    "latency": _latency,
    "throughput": _throughput,
    "pipeline": _pipeline,
    "memory": _memory,
    "stages": _stages,
    "storage": _storage,
    "reading": _reading,
    "gateway": _gateway,
    "ingest": _ingest,
    "parsers": _parsers,
    "redis": _redis,
    "peers": _peers,
}
