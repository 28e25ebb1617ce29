"""One backfill: window by window, each fetched, sent through the line, and noted. A run that was ended is continued by the same command.

In this order, so that a kill at any moment costs a page at most: a page is on disk, the import of the window is through with its own ledger, the symbol's
window is noted as done, its pages are removed.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.addresses import Addresses
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from runtime.faults import KillPoints
from runtime.settings import Settings
from tickerplant.backfill.ask import Ask, Window
from tickerplant.backfill.fetch import fetch
from tickerplant.backfill.notes import Notes, State
from tickerplant.backfill.past import Past
from tickerplant.backfill.progress import Progress
from tickerplant.backfill.shelf import Shelf
from tickerplant.backfill.spool import Spool
from tickerplant.backfill.walk import FetchedWalk
from tickerplant.importing.passed import Tell
from tickerplant.importing.run import Job as Import
from tickerplant.importing.run import log_of

PROCESS = "backfill"
_NOTE_EVERY_S = 1.0


@dataclass(slots=True)
class SymbolOutcome:
    """rows: of the range; earlier: of these, what earlier runs were through with. error: "" unless the provider refused the symbol."""

    rows: int = 0
    earlier: int = 0
    reached_ns: int = 0
    error: str = ""


@dataclass(slots=True)
class Outcome:
    """sent: rows of this run; not_sent, refused: by reason code; new: rows by table. left: records that a reader did not take in time."""

    symbols: dict[str, SymbolOutcome]
    sent: int = 0
    not_sent: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)
    left: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return bool(self.left) or any(one.error for one in self.symbols.values())


class Job:
    """A backfill into a running line. Everything blocks and raises UserError, TransientError or FatalError."""

    def __init__(
        self,
        ask: Ask,
        past: Past,
        runner: asyncio.Runner,
        settings: Settings,
        addresses: Addresses,
        clock: Clock,
        timeout_s: float,
        tell: Tell,
    ) -> None:
        """runner: of the loop in which past lives."""
        self._ask = ask
        self._past = past
        self._runner = runner
        self._settings = settings
        self._addresses = addresses
        self._clock = clock
        self._timeout_s = timeout_s
        self._shelf = Shelf(settings.data_dir, ask, log_of(settings, addresses.kafka))
        self._notes = Notes(addresses.postgres)
        self._progress = Progress(ask, tell, clock)
        self._outcome = Outcome({symbol: SymbolOutcome(reached_ns=ask.span.from_ns) for symbol in ask.symbols})
        self._next_note_s = 0.0
        self._kill_points = KillPoints(PROCESS, settings.faults.kill_at, settings.data_dir / "run")

    def run(self) -> Outcome:
        started_s = self._clock.monotonic_s()
        try:
            self._run()
        except (TransientError, UserError) as error:
            self._note_all("failed", str(error))
            raise
        except KeyboardInterrupt:
            self._note_all("failed", "stopped")
            raise TransientError("stopped; the same command goes on from here") from None
        finally:
            self._progress.end()
            self._notes.close()
        self._outcome.seconds = self._clock.monotonic_s() - started_s
        return self._outcome

    def _run(self) -> None:
        self._note_all("in_progress")
        self._runner.run(self._past.resolve(self._ask.symbols))
        for window in self._ask.windows():
            missing = [symbol for symbol in self._going_on() if not self._is_done(window, symbol)]
            spools = {symbol: spool for symbol in missing if (spool := self._fetched(window, symbol)) is not None}
            if not self._send(window, spools):
                self._note_all("failed", "the line did not take everything in")
                return
            self._kill_points.reach("window_sent")
            for symbol, spool in spools.items():
                self._shelf.finish(window, symbol, spool)
                self._reach(symbol, window, spool.rows)
        self._note_all("completed")

    def _going_on(self) -> list[str]:
        return [symbol for symbol, one in self._outcome.symbols.items() if not one.error]

    def _is_done(self, window: Window, symbol: str) -> bool:
        rows = self._shelf.done(window, symbol)
        if rows is not None:
            self._outcome.symbols[symbol].earlier += rows
            self._reach(symbol, window, rows)
        return rows is not None

    def _reach(self, symbol: str, window: Window, rows: int) -> None:
        one = self._outcome.symbols[symbol]
        one.rows, one.reached_ns = one.rows + rows, window.to_ns

    def _fetched(self, window: Window, symbol: str) -> Spool | None:
        """The window's pages, all of them. None if the provider refuses the symbol: the others go on."""
        spool = self._shelf.spool(window, symbol)
        try:
            self._runner.run(fetch(self._past, symbol, window, spool, lambda now: self._fetching(window, symbol, now), self._progress.say))
        except UserError as error:
            self._outcome.symbols[symbol].error = str(error)
            self._note(symbol, "failed")
            return None
        return spool

    def _fetching(self, window: Window, symbol: str, spool: Spool) -> None:
        self._kill_points.reach("page_stored")
        one = self._outcome.symbols[symbol]
        one.reached_ns = spool.reached_ns
        self._progress.fetched(window, symbol, one.rows + spool.rows, spool.reached_ns)
        if self._clock.monotonic_s() >= self._next_note_s:
            self._note(symbol, "in_progress", spool.rows)
            self._next_note_s = self._clock.monotonic_s() + _NOTE_EVERY_S

    def _send(self, window: Window, spools: Mapping[str, Spool]) -> bool:
        """False if the line did not take it in."""
        if not any(spool.rows for spool in spools.values()):
            return True
        walk = FetchedWalk(self._settings, self._ask, window, spools, self._progress.say)
        done = Import(walk, self._settings, self._addresses, self._clock, self._timeout_s).run()
        outcome, findings = self._outcome, done.findings
        outcome.sent += findings.sent
        outcome.not_sent.update(findings.skipped)
        outcome.not_sent.update({"duplicate": done.duplicates} if done.duplicates else {})
        outcome.refused.update(findings.refused)
        outcome.new.update(done.new)
        outcome.left = done.left
        return not done.left

    def _note_all(self, state: State, error: str = "") -> None:
        for symbol in self._going_on():
            self._note(symbol, state, error=error)

    def _note(self, symbol: str, state: State, more_rows: int = 0, error: str = "") -> None:
        one = self._outcome.symbols[symbol]
        self._notes.note(self._ask, symbol, state, one.reached_ns, one.rows + more_rows, error or one.error)
