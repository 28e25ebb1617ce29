"""What a parsing peer is given and how it is timed. Imports nothing but Python's own: peers run in environments of their own.

A folder holds `trade`, `quote` and `book`: one frame of Binance's combined stream a line; `agg_trade`: the trades as the stream aggTrade has them, for
peers that know no other; and `snapshot`: the REST answer that the books begin with.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

KINDS = ("trade", "quote", "book")
_RUNS = 5
Handle = Callable[[bytes], object]


def main(make: Callable[[str, Path], Handle], trades: str = "trade") -> None:
    """Prints microseconds a message of each kind. make(kind, folder): a fresh handler, whose books are at the snapshot. trades: the file of them."""
    folder = Path(sys.argv[1])
    files = dict(zip(KINDS, (trades, "quote", "book"), strict=True))
    print(json.dumps({kind: fastest(make, kind, folder, frames(folder, file)) for kind, file in files.items()}))


def frames(folder: Path, kind: str) -> list[bytes]:
    return (folder / kind).read_bytes().splitlines()


def fastest(make: Callable[[str, Path], Handle], kind: str, folder: Path, messages: Sequence[bytes]) -> float:
    """The least of some runs over all messages: what is above it is the machine's."""
    return min(_run(make(kind, folder), messages) for _ in range(_RUNS)) * 1e6 / len(messages)


def _run(handle: Handle, messages: Sequence[bytes]) -> float:
    start_s = time.thread_time()
    for message in messages:
        handle(message)
    return time.thread_time() - start_s
