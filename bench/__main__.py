"""`python -m bench`: measures this machine. Starts a fresh stack of its own, prints tables, writes JSON where asked, cleans up after itself."""

import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from bench import bare_hop, latency, report, throughput
from bench.captures import MEASURED, TICKS_PER_S, WARM_UP, write_capture
from bench.local_stack import SERVERS, LocalStack
from bench.peers import race

PARTS = ("throughput", "latency", "peers")


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of everything. event_s: event time through the line at once; warm_up_s: in real time before the first latency run, so that the broker's
    compiler is done; latency_s: each of its runs; records, peer_s: of the peers."""

    event_s: int
    warm_up_s: float
    latency_s: float
    records: int
    peer_s: float


FULL = Effort(240, 45.0, 15.0, 2_000_000, 8.0)
QUICK = Effort(40, 2.0, 4.0, 300_000, 3.0)
_WARM_UP_S = 24


@app.command()
def main(
    quick: Annotated[bool, typer.Option("--quick", help="Less of everything: under a minute.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help="throughput, latency or peers; may be given again.")] = None,
    output: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there.", dir_okay=False)] = None,
) -> None:
    """Throughput, cost, memory, latency and peers, on a fresh local stack."""
    chosen = only or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))} is none of {', '.join(PARTS)}", param_hint="--only")
    effort = QUICK if quick else FULL
    started = time.monotonic()
    figures: dict[str, Any] = {"machine": machine(), "quick": quick}
    say("starting a fresh stack")
    with LocalStack() as stack:
        if "latency" in chosen:
            say(f"latency: twice {2 * effort.latency_s:.0f} s in real time, after {effort.warm_up_s:.0f} s to warm up")
            latencies = latency.with_and_without_sinks(stack, effort.warm_up_s, effort.latency_s)
            with stack.paused(ours(stack)):
                hop = bare_hop.measure(stack, effort.latency_s)
            figures["bare_hop"] = hop
            show(figures, "latency", latencies, report.latency_text(latencies, hop))
        if "throughput" in chosen:
            say(f"replay to tables: {effort.event_s:,} s of event time with {TICKS_PER_S:,} ticks each")
            result = _throughput(stack, effort)
            show(figures, "throughput", result, report.throughput_text(result))
        if "peers" in chosen:
            say(f"peers: {effort.records:,} records each, or {effort.peer_s:.0f} s")
            raced = _race(stack, effort)
            show(figures, "peers", raced, report.peers_text(raced))
    figures["seconds"] = time.monotonic() - started
    say(f"took {figures['seconds']:.0f} s on {figures['machine']['cores']} cores")
    if output:
        output.write_text(json.dumps(report.as_json(figures), indent=2) + "\n")


def _throughput(stack: LocalStack, effort: Effort) -> throughput.Throughput:
    warm_up = write_capture(stack.data_dir / "warm_up.txt", WARM_UP, _WARM_UP_S)
    return throughput.measure(stack, warm_up, write_capture(stack.data_dir / "capture.txt", MEASURED, effort.event_s))


def _race(stack: LocalStack, effort: Effort) -> dict[str, race.Result]:
    """With our own processes held still: the peers have the cores and the broker for themselves."""
    with stack.paused(ours(stack)):
        return race.measure(stack.settings.kafka, stack.addresses.kafka, stack.data_dir / "peers", effort.records, effort.peer_s)


def ours(stack: LocalStack) -> list[str]:
    return [name for name in stack.pids() if name not in SERVERS]


def show(figures: dict[str, Any], name: str, result: Any, text: str) -> None:
    figures[name] = result
    print(text, flush=True)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    try:
        app()
    except RuntimeError as error:
        sys.exit(f"bench: {error}")
