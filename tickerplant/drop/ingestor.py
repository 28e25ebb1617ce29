"""The drop folder as a process: looks, imports what is whole, moves it away."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ingestors.backoff import Backoff
from ingestors.output import Output
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from runtime.health import Health
from runtime.logs import get_logger
from runtime.settings import Settings
from tickerplant.drop.folder import DropFolder
from tickerplant.drop.importer import Tell, import_file
from tickerplant.importing.run import Outcome

NAME = "csv-drop"
log = get_logger()


class Import(Protocol):
    """import_file, or a test's."""

    def __call__(self, path: Path, settings: Settings, clock: Clock, tell: Tell) -> Outcome: ...


class _Stopped(Exception):
    """The process is to end while a file is on its way; the import's ledger knows how far it came."""


class DropIngestor:
    """One process. Files are taken one after the other, each once: a file whose import was cut goes on where it was, since the import keeps what it has
    delivered. Raises UserError for a folder that is missing in the settings, FatalError if a record was not delivered."""

    source = NAME

    def __init__(self, settings: Settings, clock: Clock, health: Health, take: Import = import_file) -> None:
        drop = settings.providers.csv_drop
        if drop.folder is None:
            raise UserError(
                "csv-drop needs a folder: set providers.csv_drop.folder, or TICKERPLANT_PROVIDERS__CSV_DROP__FOLDER in the environment"
            )
        self._settings = settings
        self._clock = clock
        self._health = health
        self._take = take
        self._folder = DropFolder(drop.folder)
        self._interval_s = drop.look_interval_s
        self._stopping = asyncio.Event()
        self._backoff = Backoff(1.0, 60.0)
        self._problem = ""
        self._looked = False
        self._files = {result: metrics.DROP_FILES.labels(result) for result in ("taken", "refused")}
        health.add_check("folder", lambda: "" if self._looked else "not looked into yet")
        health.add_check("line", lambda: self._problem)

    def play(self, paths: Sequence[Path]) -> None:
        """There is nothing to play. Raises UserError."""
        raise UserError("csv-drop takes files: captures of raw frames are of streams, leave --play out")

    def stop(self) -> None:
        """Ends `run`. May be called from a signal handler."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`."""
        self._folder.prepare()
        while not self._stopping.is_set():
            waits_s = self._interval_s
            for path in self._folder.ready():
                if self._stopping.is_set() or (waits_s := await self._one(path)) > self._interval_s:
                    break
            self._looked = True
            self._health.tick()
            await self._pause(waits_s)

    async def _one(self, path: Path) -> float:
        """Seconds until the next look: more than usual while the line is in the way."""
        try:
            outcome = await self._importing(path)
        except _Stopped:
            return self._interval_s
        except UserError as error:
            self._files["refused"].inc()
            log.error("file_refused", file=path.name, error=str(error), moved_to=str(self._folder.refuse(path, str(error))))
        except TransientError as error:
            self._problem = str(error)
            log.warning("file_waits", file=path.name, error=self._problem)
            return self._interval_s + self._backoff.next_s()
        else:
            self._files["taken"].inc()
            found = outcome.findings
            told = {"rows": found.rows, "sent": found.sent, "refused": dict(found.refused), "repeated": outcome.was_done}
            log.info("file_taken", file=path.name, moved_to=str(self._folder.done(path)), **told)
        self._problem = ""
        self._backoff.reset()
        return self._interval_s

    async def _importing(self, path: Path) -> Outcome:
        """In a thread: it blocks for as long as the file is."""

        def tell(progress: str) -> None:
            self._health.tick()
            if self._stopping.is_set():
                raise _Stopped

        return await asyncio.to_thread(self._take, path, self._settings, self._clock, tell)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> DropIngestor:
    """The ingestor of this process."""
    return DropIngestor(settings, clock, health)
