"""One supervised child: started, asked whether it is ready, started again when it crashed. The state machine of one row of the live table."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runtime.clock import Clock
from runtime.errors import UserError
from tickerplant.stack.backoff import Backoff
from tickerplant.stack.child import Child, ChildSpec

State = Literal["waiting", "starting", "ready", "not ready", "crashed", "stopped"]
USER_ERROR_EXIT = 2


@dataclass(frozen=True, slots=True)
class Definition:
    """prepare: makes the spec, may block for a second. missing: "" when the child with that pid is ready; may block for two."""

    name: str
    prepare: Callable[[], ChildSpec]
    missing: Callable[[int], str]


class Unit:
    """All methods are called from the event loop of the main thread: a child must be forked there (see Child)."""

    def __init__(self, definition: Definition, pid_dir: Path, clock: Clock) -> None:
        self.name = definition.name
        self.state: State = "waiting"
        self.restarts = 0
        self.last_exit: int | None = None
        self.missing = ""
        self.child: Child | None = None
        self._definition = definition
        self._pid_dir = pid_dir
        self._clock = clock
        self._backoff = Backoff()
        self._started_s = 0.0
        self._again_s = 0.0
        self._is_untold = False  # a crash that nobody was told of

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child and self.state not in ("crashed", "stopped") else None

    async def start(self) -> None:
        """Starts the child; does not wait until it is ready."""
        spec = await asyncio.to_thread(self._definition.prepare)
        self.child = Child(spec, self._pid_dir)
        self._started_s = self._clock.monotonic_s()
        self.state, self.missing = "starting", "starts"

    async def look(self) -> None:
        """Notices a crash, starts the child again when its wait is over, and asks a running one whether it is ready."""
        if self.state in ("waiting", "stopped"):
            return
        if self.state == "crashed":
            if self._clock.monotonic_s() >= self._again_s:
                self.restarts += 1
                await self.start()
            return
        child = self._running()
        if child is None:
            return
        self.missing = await asyncio.to_thread(self._definition.missing, child.pid)
        if self._running() is not None:  # it may have ended while it was asked
            self.state = "ready" if not self.missing else ("starting" if self.state == "starting" else "not ready")

    def notice(self) -> bool:
        """True once after each crash, whoever found it. Cheap: may be called many times a second."""
        self._running()
        is_news, self._is_untold = self._is_untold, False
        return is_news

    def is_up(self) -> bool:
        """True while the child runs and was ready when it was asked last. Cheap."""
        return self.state == "ready" and self._running() is not None

    def _running(self) -> Child | None:
        child = self.child
        if child is None or self.state not in ("starting", "ready", "not ready"):
            return None
        code = child.exit_code()
        if code is None:
            return child
        now_s = self._clock.monotonic_s()
        self.last_exit, self.state = code, "crashed"
        self._is_untold = True
        self.missing = f"ended with {describe_exit(code)}"
        self._again_s = now_s + self._backoff.delay_s(now_s - self._started_s)
        return None

    def refuse_user_error(self) -> None:
        """Raises UserError with the child's own line if it ended for a mistake that a restart cannot mend."""
        if self.state == "crashed" and self.last_exit == USER_ERROR_EXIT and self.child:
            raise UserError(f"{self.name}: {self.child.log_tail().removeprefix('tickerplant: ')}")

    async def stop(self, timeout_s: float) -> None:
        """Asks the child to end and waits; kills it when the time is over."""
        running = self.child is not None and self.state not in ("crashed", "stopped", "waiting")
        self.state = "stopped"
        if self.child and running:
            self.last_exit = await asyncio.to_thread(self.child.stop, timeout_s)


def describe_exit(code: int) -> str:
    """`exit 1`, or the signal's name."""
    import signal

    if code >= 0:
        return f"exit {code}"
    return signal.Signals(-code).name if -code in {int(one) for one in signal.Signals} else f"signal {-code}"
