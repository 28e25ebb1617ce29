"""What a run prints of the whole line under load. Pure."""

from collections.abc import Mapping

from bench.figures import table
from bench.pipeline import CLIENT_SYMBOLS, LATENCY_RATE, TARGET_P50_MS, TARGET_P99_MS, Load, LoadLatency
from bench.stages_text import verdict

TARGET_TICKS_PER_S = 100_000


def load_text(load: Load) -> str:
    """The verdict, then the lag of every reader and the cost of every process."""
    reached = load.keeps_up and load.ticks_per_s >= 0.98 * max(load.asked_ticks_per_s, TARGET_TICKS_PER_S)
    drained = "not within three minutes" if load.drained_s is None else f"{load.drained_s:.1f} s later"
    title = (
        f"Whole line: {load.ticks:,} ticks at {load.ticks_per_s:,.0f} a second of {load.asked_ticks_per_s:,.0f} asked for, "
        f"lag {'does not grow' if load.keeps_up else 'grows'} (target {TARGET_TICKS_PER_S:,}: {verdict(reached)}), "
        f"all read {drained}, {load.core_s_per_million:.1f} core-seconds a million ticks in all"
    )
    lags = [(name, lag.start_s, lag.end_s, lag.peak_s, "grows" if lag.grows else "") for name, lag in sorted(load.lags.items())]
    costs = [(name, one.core_s_per_million, one.rss_mb, one.peak_mb) for name, one in sorted(load.processes.items())]
    return "\n".join(
        [
            table(title, ("reader", "first third, s behind", "last third", "peak", ""), lags),
            table("Cost by process", ("process", "core-s a million ticks", "MB", "peak MB"), costs),
        ]
    )


def load_latency_text(results: Mapping[str, LoadLatency]) -> str:
    rows = []
    for running, result in results.items():
        paths = (
            ("receipt to market.ticks", result.two_hops),
            (f"receipt to a client of {CLIENT_SYMBOLS} symbols", result.some),
            ("receipt to a client of every tick", result.everything),
        )
        for path, one in paths:
            good = one.p50_ms < TARGET_P50_MS and one.p99_ms < TARGET_P99_MS
            rows.append((running, path, one.p50_ms, one.p90_ms, one.p99_ms, one.max_ms, one.count, verdict(good)))
    title = f"Latency at {LATENCY_RATE:,} ticks a second (target: p50 < {TARGET_P50_MS:.0f} ms, p99 < {TARGET_P99_MS:.0f} ms)"
    return table(title, ("running", "path", "p50 ms", "p90 ms", "p99 ms", "max ms", "samples", ""), rows)
