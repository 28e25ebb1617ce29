"""What a run prints of the sinks: each way beside the limit and its target. Pure."""

import math

from bench.figures import table
from bench.storage import MEMORY_LIMIT_MB, Storage, Way

_HEAD = ("rows into a table", "rows/s", "of the limit", "rows/core-s of ours", "us a row, ours", "PostgreSQL's", "peak MB", "target", "")


def storage_text(result: Storage) -> str:
    limit = result.ways[0].rows_per_s
    title = (
        f"Sinks alone, {result.server} on the same cores (target: rows a second of one core of ours, memory below {MEMORY_LIMIT_MB:.0f} MB)"
    )
    sizes = [("as rows, with the index", result.tick_bytes), ("as columns", result.compressed_tick_bytes)]
    return table(title, _HEAD, [_row(way, limit) for way in result.ways]) + "\n" + table("A stored tick", ("", "bytes"), sizes)


def _row(way: Way, limit: float) -> tuple[object, ...]:
    server = way.server_us or math.nan
    verdict = ("reached" if way.reached else "missed") if way.target else ""
    return (
        way.what, way.rows_per_s, way.rows_per_s / limit, way.rows_per_core_s, way.core_us, server, way.memory_mb or math.nan,
        way.target or math.nan, verdict,
    )  # fmt: skip
