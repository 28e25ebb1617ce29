"""Which events of an import are sent: not those that an earlier run delivered, nor what the source has already.

A series grows at its end only. What the line remembers of it (seen ids, closed bars, indicators) is about its newest part, so older ticks would be
taken for repeats, and be missing in bars without a word; they are told instead, and another source takes them. Bars may fill a hole, or revise.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from schemas.reasons import Reason
from tickerplant.importing.findings import Findings, series_of
from tickerplant.importing.ledger import Progress
from tickerplant.importing.numbering import Numbering
from tickerplant.importing.stored import Stored
from tickerplant.importing.ticks import Event


class Sifting:
    """from_ns: event time of the oldest row; on_source: called with a source before its first event is looked at, may raise UserError."""

    def __init__(self, progress: Progress, stored: Stored, findings: Findings, from_ns: int, on_source: Callable[[str], None]) -> None:
        self._progress = progress
        self._stored = stored
        self._findings = findings
        self._from_ns = from_ns
        self._on_source = on_source
        self._numbering = Numbering()
        self._checked: set[str] = set()
        self._left = progress.events

    def sift(self, events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
        """(delivered by an earlier run, to be sent), in their order. Call it with all events one after the other."""
        for event in events:
            self._findings.see(event)
            if event.tick is not None:
                self._numbering.number(event.tick, event.source)
            if event.source not in self._checked:
                self._meet(event.source)
        passed, new = events[: self._left], events[self._left :]
        self._left -= len(passed)
        return list(passed), self._bars(new) if new and new[0].bar is not None else self._ticks(new)

    def _meet(self, source: str) -> None:
        """What the source had when this import began stays the measure when it is continued."""
        self._on_source(source)
        self._checked.add(source)
        if source not in self._progress.sources:
            newest = self._stored.newest_ticks([source], self._from_ns)
            self._progress.sources.append(source)
            self._progress.newest |= {" ".join(key): newest_ns for key, newest_ns in newest.items()}

    def _ticks(self, events: Sequence[Event]) -> list[Event]:
        """A tick at the very time of the newest stored one may be it or not: the line knows its id."""
        newest = self._progress.newest
        if not newest:
            return list(events)
        kept = [event for event in events if event.at_ns >= newest.get(series_of(event), 0)]
        self._skip(Reason.BEHIND_HISTORY, len(events) - len(kept))
        return kept

    def _bars(self, events: Sequence[Event]) -> list[Event]:
        known = self._stored.revisions(event.bar for event in events if event.bar is not None)
        kept: list[Event] = []
        for event in events:
            bar = event.bar
            assert bar is not None
            is_same, revision = known.get(((bar.symbol, bar.source, bar.timeframe), bar.ts_open_ns), (False, -1))
            if is_same:
                self._skip(Reason.DUPLICATE, 1)
                continue
            self._findings.revised += revision >= 0
            kept.append(replace(event, bar=replace(bar, revision=revision + 1)) if revision >= 0 else event)
        return kept

    def _skip(self, reason: Reason, rows: int) -> None:
        if rows:
            self._findings.skipped[reason.value] += rows
