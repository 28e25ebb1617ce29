"""`python -m bench`: measures this machine. Starts a fresh stack of its own, prints tables, writes JSON where asked, cleans up after itself."""

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from bench import report
from bench.effort import DEFAULT_RATE, FULL, QUICK
from bench.local_stack import LocalStack
from bench.parts import PARTS, Run, say

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    quick: Annotated[bool, typer.Option("--quick", help="Less of everything: some minutes.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help=f"{', '.join(PARTS)}; may be given again.")] = None,
    rate: Annotated[float, typer.Option("--rate", min=1_000, help="Ticks a second that `pipeline` offers the whole line.")] = DEFAULT_RATE,
    postgres: Annotated[
        str,
        typer.Option(
            "--postgres",
            metavar="URL",
            help="A server for `storage` and `reading`, as one with TimescaleDB, where databases may be made and dropped.",
        ),
    ] = "",
    output: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there.", dir_okay=False)] = None,
) -> None:
    """Throughput, cost, memory, latency, every stage alone, and peers, on a fresh local stack."""
    chosen = only or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))} is none of {', '.join(PARTS)}", param_hint="--only")
    started = time.monotonic()
    figures: dict[str, Any] = {"machine": machine(), "quick": quick}
    say("starting a fresh stack")
    with LocalStack() as stack:
        run = Run(stack, QUICK if quick else FULL, rate, postgres, figures)
        for name, part in PARTS.items():
            if name in chosen:
                part(run)
    figures["seconds"] = time.monotonic() - started
    say(f"took {figures['seconds']:.0f} s on {figures['machine']['cores']} cores")
    if output:
        output.write_text(json.dumps(report.as_json(figures), indent=2) + "\n")


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
