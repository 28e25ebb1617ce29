"""Microseconds a recorded frame of Binance: our parser and books beside cryptofeed's and ccxt's, the same frames one after the other."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import recordings
from bench.figures import table
from bench.local_stack import ROOT
from bench.peers.frames import KINDS

# Their pins conflict with ours, so they live in an environment of their own: this variable names the Python of one that has both.
PEERS_PYTHON = "BENCH_PARSERS_PYTHON"
TARGETS = {"trade": 2.5, "quote": 2.5, "book": 1.5}  # times fewer microseconds than the better peer
_MOST = 20_000  # frames of a kind


@dataclass(frozen=True, slots=True)
class Parsers:
    """By who parsed: microseconds a message of each kind. times: how many times fewer ours are than the better peer's; empty without peers."""

    us: dict[str, dict[str, float]]
    times: dict[str, float]


def measure(folder: Path) -> Parsers | None:
    """None where the recordings are not."""
    if not recordings.there():
        return None
    write_frames(folder)
    us = {"tickerplant": _run([sys.executable, "-m", "bench.peers.parse_ours"], folder)}
    if python := os.environ.get(PEERS_PYTHON):
        peers = ROOT / "bench" / "peers"
        us |= {name: _run([python, str(peers / f"parse_{name}.py")], folder) for name in ("cryptofeed", "ccxt")}
    others = [figures for name, figures in us.items() if name != "tickerplant"]
    times = {kind: min(figures[kind] for figures in others) / us["tickerplant"][kind] for kind in KINDS} if others else {}
    return Parsers(us, times)


def write_frames(folder: Path) -> None:
    """The files that bench.peers.frames describes. Books: those after the snapshot."""
    folder.mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    newest = 0
    for frame in recordings.binance_lines():
        payload = frame.payload
        if payload.startswith(b'{"lastUpdateId"'):
            (folder / "snapshot").write_bytes(payload)
            newest = json.loads(payload)["lastUpdateId"]
            continue
        kind = "trade" if b"@trade" in payload[:40] else "quote" if b"@bookTicker" in payload[:40] else "book"
        lines[kind].append(payload)
    lines["book"] = [payload for payload in lines["book"] if json.loads(payload)["data"]["u"] > newest]
    aggregated = [
        p.replace(b"@trade", b"@aggTrade").replace(b'"e":"trade"', b'"e":"aggTrade"').replace(b'"t":', b'"a":') for p in lines["trade"]
    ]
    for name, payloads in (*lines.items(), ("agg_trade", aggregated)):
        (folder / name).write_bytes(b"\n".join(payloads[:_MOST]) + b"\n")


def _run(command: list[str], folder: Path) -> dict[str, float]:
    done = subprocess.run([*command, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def parsers_text(result: Parsers | None) -> str:
    if result is None:
        return f"Parsers: not measured, the recorded traffic is not at {recordings.FOLDER}"
    rows: list[tuple[object, ...]] = [(name, *(figures[kind] for kind in KINDS)) for name, figures in result.us.items()]
    if result.times:
        rows.append(("times fewer than the better peer", *(result.times[kind] for kind in KINDS)))
        rows.append(("target", *(TARGETS[kind] for kind in KINDS)))
    return table("Parsers: us a recorded message of Binance (a book message: 46 levels, parsed and applied)", ("", *KINDS), rows)
