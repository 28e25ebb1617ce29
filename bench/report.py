"""What a run prints: tables for people, one document for programs. Pure."""

import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from bench.figures import Spread, table
from bench.latency import Latency
from bench.peers.race import Result
from bench.throughput import MEMORY_LIMIT_MB, TARGET_TICKS_PER_S, Throughput


def throughput_text(result: Throughput) -> str:
    rows = [
        (name, cost.core_s, cost.core_s_per_million, cost.rss_mb, cost.peak_mb, "over" if cost.over_limit else "")
        for name, cost in sorted(result.processes.items())
    ]
    verdict = "reached" if result.reaches_target else "missed"
    title = (
        f"Replay to tables: {result.ticks:,} ticks in {result.seconds:.1f} s = {result.ticks_per_s:,.0f} ticks/s "
        f"(target {TARGET_TICKS_PER_S:,}: {verdict}), {result.core_s_per_million:.1f} core-seconds a million ticks in all, "
        f"{result.ticks_per_record:.0f} ticks a record"
    )
    text = table(title, ("process", "core-s", "core-s a million ticks", "MB", "peak MB", f"limit {MEMORY_LIMIT_MB:.0f} MB"), rows)
    sizes = [(topic, size / 1e6) for topic, size in result.topic_bytes_per_million.items() if size]
    return text + "\n" + table("Disk of the topics", ("topic", "MB a million ticks"), sizes)


def latency_text(results: Mapping[str, Latency], bare_hop: Spread) -> str:
    rows: list[tuple[object, ...]] = [
        (name, path, latency.ticks_per_s, one.p50_ms, one.p90_ms, one.p99_ms, one.max_ms, one.count)
        for name, latency in results.items()
        for path, one in latency.rows()
    ]
    rows.append(
        (
            "nothing of ours",
            "a bare hop, for comparison",
            None,
            bare_hop.p50_ms,
            bare_hop.p90_ms,
            bare_hop.p99_ms,
            bare_hop.max_ms,
            bare_hop.count,
        )
    )
    head = ("running", "path", "ticks/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "samples")
    return table("Latency of single ticks in real time (target at the client: p50 < 5 ms, p99 < 10 ms)", head, rows)


def peers_text(results: Mapping[str, Result]) -> str:
    ordered = sorted(results.items(), key=lambda item: -item[1].records_per_s)
    rows = [(name, r.records_per_s, r.of_limit, r.core_s_per_million, r.records) for name, r in ordered]
    head = ("copy one topic to another", "records/s", "of the limit", "core-s a million records", "records")
    return table("Peers, the same records on the same broker", head, rows)


def as_json(value: Any) -> Any:
    """Dataclasses to dictionaries, nan to null."""
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
