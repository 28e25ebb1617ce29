"""When a venue may be asked about the past, and for how long: a dead or slow REST interface must not hold up the live feed."""

import asyncio
from collections.abc import Awaitable

import structlog

from ingestors.backoff import Backoff
from runtime.clock import Clock
from runtime.errors import TransientError

log = structlog.get_logger()

DEADLINE_S = 5.0  # of all questions of one turn together
STOP_DEADLINE_S = 2.0  # of all questions from the stop on
_PAUSE_S = 0.5  # at least so long is nothing asked after a failure
_CAP_S = 30.0


class VenuePace:
    """One turn of questions at a time, bounded in time; a turn that fails makes the next one wait, up to about 30 s."""

    def __init__(self, clock: Clock, deadline_s: float = DEADLINE_S, backoff: Backoff | None = None) -> None:
        self._clock = clock
        self._deadline_s = deadline_s
        self._backoff = backoff or Backoff(1.0, _CAP_S)
        self._next_s = 0.0
        self._stop_s: float | None = None  # of the event loop's time, as the timeouts
        self._turn: asyncio.Timeout | None = None

    @property
    def failing(self) -> bool:
        """The last turn failed."""
        return self._backoff.attempts > 0

    def due(self) -> bool:
        """Asking is no use before this is true."""
        stopped = self._stop_s is not None and asyncio.get_running_loop().time() >= self._stop_s
        return not stopped and self._clock.monotonic_s() >= self._next_s

    def answered(self) -> None:
        """The venue gave something."""
        self._backoff.reset()

    def stop(self) -> None:
        """From now on all questions together get STOP_DEADLINE_S, the running turn too."""
        self._stop_s = asyncio.get_running_loop().time() + STOP_DEADLINE_S
        if self._turn and not self._turn.expired():
            self._turn.reschedule(min(self._turn.when() or self._stop_s, self._stop_s))

    async def ask(self, questions: Awaitable[None]) -> bool:
        """Runs the questions; False if the venue could not be asked all of them. Call it only when `due`."""
        deadline_s = asyncio.get_running_loop().time() + self._deadline_s
        try:
            async with asyncio.timeout_at(deadline_s if self._stop_s is None else min(deadline_s, self._stop_s)) as self._turn:
                await questions
        except (TransientError, TimeoutError) as error:
            wait_s = _PAUSE_S + self._backoff.next_s()
            self._next_s = self._clock.monotonic_s() + wait_s
            log.warning("venue_not_asked", error=str(error) or "no time left", wait_s=round(wait_s, 3))
            return False
        finally:
            self._turn = None
        self._backoff.reset()
        return True
