"""All rows of an import into the raw topics, with how far it has come kept beside them."""

from itertools import islice

from runtime.clock import Clock
from runtime.errors import TransientError
from tickerplant.importing.findings import Findings
from tickerplant.importing.ledger import Ledger, Progress
from tickerplant.importing.pace import Pace
from tickerplant.importing.reading import Refused
from tickerplant.importing.send import Sender
from tickerplant.importing.sifting import Sifting
from tickerplant.importing.ticks import Event
from tickerplant.importing.walk import CHUNK_ROWS, Items, Walk


class Stream:
    """In this order: what the sources had is written down, events are sent, their delivery is proved, progress is written down.

    So a run that was killed sends at most one chunk again, under the same ids, and the line drops it as duplicates.
    """

    def __init__(
        self, sender: Sender, pace: Pace, sifting: Sifting, ledger: Ledger, progress: Progress, findings: Findings, walk: Walk
    ) -> None:
        self._sender = sender
        self._pace = pace
        self._sifting = sifting
        self._ledger = ledger
        self._progress = progress
        self._findings = findings
        self._walk = walk
        self._refused = 0
        self._events = 0

    def send_all(self, items: Items, clock: Clock) -> None:
        """Blocks until all is delivered."""
        try:
            while chunk := list(islice(items, CHUNK_ROWS)):
                self._chunk(chunk, clock.now_ns())
        except KeyboardInterrupt:
            raise TransientError(f"stopped after {self._progress.events:,} rows; the same command goes on from there") from None
        complete_until_ns = self._walk.recipe.options.complete_until_ns
        self._sender.end(complete_until_ns)
        self._progress.done, self._progress.complete_until_ns = True, complete_until_ns
        self._ledger.write(self._progress)

    def _chunk(self, chunk: list[Event | Refused], received_ns: int) -> None:
        events = [item for item in chunk if isinstance(item, Event)]
        sources = len(self._progress.sources)
        passed, new = self._sifting.sift(events)
        for event in passed:
            self._sender.pass_over(event)
        if len(self._progress.sources) > sources:
            self._ledger.write(self._progress)
        for row in chunk:
            if isinstance(row, Refused):
                self._refuse(row, received_ns)
        for event in new:
            self._sender.send(event, received_ns)
        self._findings.sent += len(new)
        self._events += len(events)
        self._delivered()

    def _refuse(self, row: Refused, received_ns: int) -> None:
        self._findings.refuse_row(row)
        self._refused += 1
        if self._refused > self._progress.refused:
            self._sender.refuse(row, self._walk.recipe.source(), received_ns)

    def _delivered(self) -> None:
        self._sender.flush()
        self._progress.events = max(self._progress.events, self._events)
        self._progress.refused = max(self._progress.refused, self._refused)
        self._ledger.write(self._progress)
        self._walk.show("sent", self._findings.sent)
        self._pace.keep(self._sender.events_a_record())
