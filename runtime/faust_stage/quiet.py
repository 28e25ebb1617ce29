"""aiokafka repeats an error hundreds of times a second while a broker restarts; the first of each ten seconds says as much."""

import logging

from runtime.clock import Clock

_INTERVAL_S = 10.0


class RepeatFilter(logging.Filter):
    """Lets a message template of a logger through once in ten seconds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._passed_s: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now_s = (record.name, str(record.msg)), self._clock.monotonic_s()
        if now_s - self._passed_s.get(key, -_INTERVAL_S) < _INTERVAL_S:
            return False
        self._passed_s[key] = now_s
        return True


def quieten(clock: Clock) -> None:
    """On the handlers, because a filter on a logger does not see its children's records. A commit that takes longer than its interval is no news."""
    logging.getLogger("mode.timers").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(RepeatFilter(clock))
