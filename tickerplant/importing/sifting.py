"""Which events of an import are sent: not those that an earlier run delivered, nor what the source has already.

A series grows at its end only. What the line remembers of it (seen ids, closed bars, indicators) is about its newest part, so older ticks would be
taken for repeats, and be missing in bars without a word; they are told instead, and another source takes them. Bars may fill a hole, or revise.

Bars close by the time of their source, which all its symbols share. Rows behind what another symbol brought would find their bars closed: the first
trade of each would be its bar, and every other one a correction. Such files are refused. So are rows of a time up to which an import of the source was
said to be complete.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from processors.bars.policy import Policies
from runtime.errors import UserError
from schemas.reasons import Reason
from schemas.ticks import Quote
from tickerplant.importing.findings import Findings, series_of, shown
from tickerplant.importing.ledger import Progress
from tickerplant.importing.numbering import Numbering
from tickerplant.importing.stored import Stored
from tickerplant.importing.ticks import Event


class Sifting:
    """from_ns: event time of the oldest row; on_source: called with a source before its first event is looked at, may raise UserError;
    completed: up to when other imports were said to be complete, by source."""

    def __init__(
        self,
        progress: Progress,
        stored: Stored,
        findings: Findings,
        policies: Policies,
        from_ns: int,
        on_source: Callable[[str], None],
        completed: Mapping[str, int],
    ) -> None:
        self._progress = progress
        self._stored = stored
        self._findings = findings
        self._policies = policies
        self._from_ns = from_ns
        self._on_source = on_source
        self._completed = completed
        self._numbering = Numbering()
        self._reached: dict[
            str, int
        ] = {}  # event time of the newest tick of each source that was met, or what it is complete to; 0 without any
        self._left = progress.events

    def sift(self, events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
        """(delivered by an earlier run, to be sent), in their order. Call it with all events one after the other. Raises UserError."""
        for event in events:
            self._findings.see(event)
            if event.tick is not None:
                self._numbering.number(event.tick, event.source)
            if event.source not in self._reached:
                self._meet(event.source)
        passed, new = events[: self._left], events[self._left :]
        self._left -= len(passed)
        return list(passed), self._bars(new) if new and new[0].bar is not None else self._ticks(new)

    def _meet(self, source: str) -> None:
        """What the source had when this import began stays the measure when it is continued."""
        self._on_source(source)
        if source not in self._progress.sources:
            newest = self._stored.newest_ticks([source], self._from_ns)
            self._progress.sources.append(source)
            self._progress.newest |= {" ".join(key): newest_ns for key, newest_ns in newest.items()}
        of_source = (newest_ns for series, newest_ns in self._progress.newest.items() if series.split(" ")[1] == source)
        self._reached[source] = max(*of_source, self._completed.get(source, 0), 0)

    def _ticks(self, events: Sequence[Event]) -> list[Event]:
        """A tick at the very time of the newest stored one may be it or not: the line knows its id."""
        newest = self._progress.newest
        if not newest and not self._completed:
            return list(events)
        kept = [event for event in events if event.at_ns >= newest.get(series_of(event), 0)]
        self._skip(Reason.BEHIND_HISTORY, len(events) - len(kept))
        for event in kept:
            if newest.get(series_of(event), 0) < event.at_ns < self._reached[event.source] and self._makes_bars(event):
                raise UserError(_behind(event, self._reached[event.source], self._completed.get(event.source, 0)))
        return kept

    def _makes_bars(self, event: Event) -> bool:
        return event.tick is not None and self._policies[event.tick.symbol].from_quotes == isinstance(event.tick, Quote)

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


def _behind(event: Event, reached_ns: int, completed_ns: int) -> str:
    assert event.tick is not None
    source, symbol = event.source, event.tick.symbol
    is_said = "was said to be complete" if reached_ns == completed_ns else "has ticks"
    return (
        f"{source} {is_said} up to {shown(reached_ns)} already, and {symbol} would come behind them ({shown(event.at_ns)}), where its bars are closed;"
        f" give these rows a source of their own, as --source {source}-2 (or all symbols of a time in one import)"
    )
