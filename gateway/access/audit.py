"""The audit log: who came as whom, who subscribed to what, what was refused and why. Never a token, never any part of one.

Its lines go where the other logs go, whatever log.level is. A flood of refusals is cut to a line each ten milliseconds; the next line says how
many were left out, and the metric counts all.
"""

from typing import Any

import structlog

from gateway.access.pace import Pace
from runtime import metrics
from runtime.clock import Clock

_REFUSALS_PER_S = 100.0
_ALWAYS = structlog.make_filtering_bound_logger(0)


class Audit:
    """All lines are named `audit`."""

    def __init__(self, clock: Clock) -> None:
        self._log: Any = structlog.wrap_logger(None, wrapper_class=_ALWAYS)
        self._refusals = Pace(_REFUSALS_PER_S, clock)
        self._left_out = 0

    def allowed(self, action: str, **facts: Any) -> None:
        self._log.info("audit", action=action, outcome="allowed", **facts)

    def refused(self, action: str, reason: str, **facts: Any) -> None:
        metrics.REFUSED.labels(action, reason).inc()
        if self._refusals.wait_s():
            self._left_out += 1
            return
        self._refusals.charge(1)
        more = {"left_out_before": self._left_out} if self._left_out else {}
        self._left_out = 0
        self._log.info("audit", action=action, outcome="refused", reason=reason, **facts, **more)
