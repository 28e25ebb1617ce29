"""Percentiles, ratios and tables. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution in milliseconds. count: samples."""

    count: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


def spread(samples_ns: Iterable[int]) -> Spread:
    """Of latencies in nanoseconds; all nan without samples."""
    ordered = sorted(samples_ns)
    if not ordered:
        return Spread(0, math.nan, math.nan, math.nan, math.nan)
    return Spread(len(ordered), *(percentile(ordered, share) / 1e6 for share in (0.5, 0.9, 0.99, 1.0)))


def percentile(ordered: Sequence[int], share: float) -> float:
    """Nearest rank: the smallest value that at least this share of the values does not exceed. `ordered` must be sorted and not empty."""
    return float(ordered[max(0, math.ceil(share * len(ordered)) - 1)])


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Text with aligned columns: the first to the left, numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(head), *cells]) for i in range(len(head))]
    lines = [
        "  ".join(text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    ]
    top = "  ".join(text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(head, widths, strict=True)))
    return "\n".join([title, top, "-" * len(top), *lines, ""])


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
