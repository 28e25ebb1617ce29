"""Says what is being done: one line that is written over on a terminal, a line each elsewhere but at most one a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from runtime.clock import Clock, SystemClock

_INTERVAL_S = 1.0


@contextmanager
def reporter(stream: IO[str] | None = None, clock: Clock | None = None) -> Iterator[Callable[[str], None]]:
    """A function that takes what is being done now. The last line said is always shown in full at the end."""
    out, clock = stream or sys.stderr, clock or SystemClock()
    terminal = out.isatty()
    shown_s, waiting = -_INTERVAL_S, ""

    def report(line: str) -> None:
        nonlocal shown_s, waiting
        if terminal:
            out.write(f"\r\x1b[K{line}")
            waiting = "\n"
        elif clock.monotonic_s() - shown_s >= _INTERVAL_S:
            out.write(f"{line}\n")
            shown_s, waiting = clock.monotonic_s(), ""
        else:
            waiting = f"{line}\n"
        out.flush()

    try:
        yield report
    finally:
        out.write(waiting)
        out.flush()
