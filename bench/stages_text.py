"""What a run prints of the stages: each figure beside its target. Pure."""

from bench.closing import BAR_TARGET_MS, MINUTE_TARGET_S
from bench.figures import table
from bench.stages import BAR_COMPUTE_TARGET_MS, BATCH_TARGET_MS, Stages


def verdict(reached: bool) -> str:
    return "reached" if reached else "missed"


def stages_text(result: Stages) -> str:
    """Two tables: throughput of single processes, and times of single bars."""
    rows = [
        (
            one.what, one.ticks_per_s, one.ticks_per_core_s, one.core_s_per_million, one.core_only_ticks_per_s, one.target,
            verdict(one.reached), verdict(one.reached_by_core_time),
        )
        for one in result.speeds
    ]  # fmt: skip
    head = ("one process", "ticks/s", "ticks/core-s", "core-s a million", "core alone", "target", "by the wall", "by core time")
    runs = result.speeds[0].runs
    title = f"Stages alone, real Kafka beside them, median of {runs} (core alone: the pure function, without Kafka)"
    return table(title, head, rows) + "\n" + _times(result)


def _times(result: Stages) -> str:
    compute, hop, closing = result.bar_compute, result.bar_to_signal, result.closing
    rows = [
        (
            "one bar to its signal, compute", f"{compute.mean_ms:.3f} ms, p99 {compute.spread.p99_ms:.3f}",
            f"{BAR_COMPUTE_TARGET_MS} ms", verdict(result.bar_compute_reached),
        ),
        (
            "RSI, MACD, momentum of 1,000 symbols x 512 bars", f"{result.batch_ms:.1f} ms",
            f"{BATCH_TARGET_MS:.0f} ms", verdict(result.batch_reached),
        ),
        (
            "closed bar to signal on Kafka", f"p50 {hop.p50_ms:.1f} ms, p99 {hop.p99_ms:.1f}",
            f"p99 {BAR_TARGET_MS:.0f} ms", verdict(result.bar_to_signal_reached),
        ),
        (
            f"closing minute of {closing.symbols:,} symbols", f"{closing.seconds:.2f} s, slowest {closing.slowest_s:.2f}",
            f"{MINUTE_TARGET_S:.0f} s", verdict(closing.reached),
        ),
    ]  # fmt: skip
    return table("Bars", ("what", "measured", "target below", ""), rows)
