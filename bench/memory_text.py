"""What a run prints of memory. Pure."""

from bench.figures import table
from bench.memory import Memory
from bench.throughput import MEMORY_LIMIT_MB


def memory_text(result: Memory) -> str:
    """Each process's size over the run, then the state of one symbol."""
    title = (
        f"Memory over {result.ticks:,} ticks of {result.symbols:,} symbols: "
        f"{'flat' if result.flat else 'grows'}{'' if result.drained else ', and not all was read in the end'}"
    )
    rows = [
        (
            name, one.second_quarter_mb, one.last_quarter_mb, one.peak_mb,
            "flat" if one.flat else "grows", "over" if one.over_limit else "",
        )
        for name, one in result.sizes.items()
    ]  # fmt: skip
    head = ("process", "MB, second quarter", "MB, last quarter", "peak MB", "", f"limit {MEMORY_LIMIT_MB:.0f} MB")
    states = list(result.state_bytes.items())
    held = f"State of one symbol in a snapshot, uncompressed, after {result.state_minutes:,} minutes of trades"
    return table(title, head, rows) + "\n" + table(held, ("stage", "bytes"), states)
