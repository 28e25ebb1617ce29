"""Looks again while a line is still writing: what one table has, another may get a moment later."""

import time
from collections.abc import Callable

from runtime.clock import Clock
from tickerplant.verify.report import Report

_PAUSE_S = 0.5


def until_equal(audit: Callable[[], Report], wait_s: float, clock: Clock, pause: Callable[[float], None] = time.sleep) -> Report:
    """The first report without a difference, else the last one when wait_s are over. Blocks that long at most, and for one audit."""
    deadline_s = clock.monotonic_s() + wait_s
    while True:
        report = audit()
        if not report.total or clock.monotonic_s() >= deadline_s:
            return report
        pause(_PAUSE_S)
