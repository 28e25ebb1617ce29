"""`tickerplant up` in the foreground: locks the folder, starts the stack, shows it, and stops it on a signal or when the time is over."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live

from runtime.clock import Clock, SystemClock
from runtime.settings import Settings
from tickerplant.stack.detach import Pipe
from tickerplant.stack.jars import fetch
from tickerplant.stack.lock import Lock
from tickerplant.stack.monitor import Monitor, status_file
from tickerplant.stack.plan import Feed, start_groups
from tickerplant.stack.ports import choose
from tickerplant.stack.preflight import check_folder
from tickerplant.stack.progress import reporter
from tickerplant.stack.supervisor import SpecOf, Supervisor
from tickerplant.stack.view import line, table

_TABLE_INTERVAL_S = 2.0
_LINE_INTERVAL_S = 5.0
_STATUS_INTERVAL_S = 0.5


class Foreground:
    """One run of `up`. pipe: where a `--detach` waits for the word that all is ready. spec_of: how a process is run, for tests."""

    def __init__(
        self,
        settings: Settings,
        feed: Feed,
        run_for_s: float | None,
        console: Console,
        pipe: Pipe | None = None,
        spec_of: SpecOf | None = None,
    ) -> None:
        self._settings = settings
        self._feed = feed
        self._run_for_s = run_for_s
        self._console = console
        self._pipe = pipe
        self._spec_of = spec_of
        self._clock: Clock = SystemClock()

    def run(self) -> None:
        """Blocks until the stack is stopped. Raises UserError for what the user can mend; all that was started is stopped then, too."""
        data_dir = check_folder(self._settings)
        # Before the event loop: a Ctrl-C ends a download at once.
        if self._settings.kafka.bootstrap_servers is None:
            with reporter(self._console.file) as report:
                fetch(self._settings.stack.maven_url, report)
        with Lock(data_dir) as lock:
            if lock.was_stale:
                self._say("an earlier run on this folder was killed; cleaning up after it")
            try:
                asyncio.run(self._run(data_dir))
            finally:
                status_file(data_dir).unlink(missing_ok=True)

    async def _run(self, data_dir: Path) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        ports = choose(data_dir / "ports.json", {"exchange": 0}) if self._feed.kind == "simulated" else {}
        groups = start_groups(self._settings, self._feed, ports.get("exchange", 0))
        supervisor = Supervisor(self._settings, groups, self._clock, self._say, self._spec_of)
        monitor = Monitor(supervisor, self._feed.kind, self._clock)
        try:
            if await _finishes(supervisor.start(), stop):
                monitor.write_status()
                self._tell_ready(supervisor)
                await self._watch(supervisor, monitor, stop)
        finally:
            self._say("stopping")
            await supervisor.stop()

    async def _watch(self, supervisor: Supervisor, monitor: Monitor, stop: asyncio.Event) -> None:
        watching = asyncio.create_task(supervisor.watch(stop))
        showing = asyncio.create_task(self._show(monitor, stop))
        telling = asyncio.create_task(self._tell_status(monitor, stop))
        over = asyncio.create_task(asyncio.wait_for(stop.wait(), self._run_for_s))
        await asyncio.wait({watching, showing, telling, over}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        with contextlib.suppress(TimeoutError):
            await over
        await asyncio.gather(watching, showing, telling)

    async def _tell_status(self, monitor: Monitor, stop: asyncio.Event) -> None:
        """For `tickerplant status`: who was started again stands there soon, however seldom the table is drawn."""
        while not stop.is_set():
            monitor.write_status()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _STATUS_INTERVAL_S)

    async def _show(self, monitor: Monitor, stop: asyncio.Event) -> None:
        interval_s = _TABLE_INTERVAL_S if self._console.is_terminal else _LINE_INTERVAL_S
        async with self._screen() as show:
            while not stop.is_set():
                picture = await monitor.picture()
                show(table(picture) if self._console.is_terminal else line(picture))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), interval_s)

    @contextlib.asynccontextmanager
    async def _screen(self) -> AsyncIterator[Callable[..., None]]:
        if not self._console.is_terminal:
            yield lambda text: self._console.print(text, soft_wrap=True, markup=False, highlight=False)
            return
        with Live(console=self._console, auto_refresh=False) as live:
            yield lambda picture: live.update(picture, refresh=True)

    def _tell_ready(self, supervisor: Supervisor) -> None:
        self._say(f"ready: {len(supervisor.units)} parts" + (f", stops after {self._run_for_s:g} s" if self._run_for_s else ""))
        if self._pipe:
            self._pipe.ready()
            self._pipe = None

    def _say(self, text: str) -> None:
        if self._pipe:
            self._pipe.tell(text)
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)


async def _finishes(work: object, stop: asyncio.Event) -> bool:
    """True when the work is done; False if it was cancelled because of `stop`. Its errors are raised."""
    task, stopped = asyncio.ensure_future(work), asyncio.create_task(stop.wait())  # type: ignore[call-overload]
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return False
    await task
    return True
