"""What an import found: counted while the rows go by, shown at its end."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.reasons import CATALOGUE, Reason
from tickerplant.importing.reading import Refused
from tickerplant.importing.ticks import Event

EXAMPLES = 3
_EXAMPLE_LENGTH = 160
MAX_SERIES = 10_000


@dataclass(slots=True)
class Span:
    rows: int
    first_ns: int
    last_ns: int


@dataclass(slots=True)
class Findings:
    """rows: of all files; spans: of events by `SYMBOL source kind-or-timeframe`; refused: by reason code, with the first examples.

    skipped: events that were not sent, by reason code; marked: by reason code that took score, gaps and duplicates: of a dry run only.
    """

    rows: int = 0
    spans: dict[str, Span] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    sent: int = 0
    revised: int = 0

    def see(self, event: Event) -> None:
        self.rows += 1
        name, at_ns = series_of(event), event.at_ns if event.bar is None else event.bar.ts_open_ns
        span = self.spans.get(name)
        if span is None:
            self.spans[name] = Span(1, at_ns, at_ns)
            return
        span.rows += 1
        span.first_ns, span.last_ns = min(span.first_ns, at_ns), max(span.last_ns, at_ns)

    def refuse_row(self, refused: Refused) -> None:
        self.rows += 1
        self.refuse(refused.reason.value, f"{refused.place}: {refused.detail}: {refused.text}")

    def refuse(self, reason: str, example: str) -> None:
        self.refused[reason] += 1
        known = self.examples.setdefault(reason, [])
        if len(known) < EXAMPLES:
            known.append(example[:_EXAMPLE_LENGTH])

    def range_ns(self) -> tuple[int, int]:
        """Of all events; (0, 0) without any."""
        spans = self.spans.values()
        return min((span.first_ns for span in spans), default=0), max((span.last_ns for span in spans), default=0)

    def document(self) -> dict[str, Any]:
        """Everything, in plain types."""
        return {
            "rows": self.rows,
            "series": [
                {"series": name, "rows": span.rows, "first": shown(span.first_ns), "last": shown(span.last_ns)}
                for name, span in sorted(self.spans.items())
            ],
            "refused": {
                reason: {"rows": count, "examples": self.examples.get(reason, [])} for reason, count in sorted(self.refused.items())
            },
            "not_sent": dict(sorted(self.skipped.items())),
            "marked": dict(sorted(self.marked.items())),
            "gaps": self.gaps,
            "sent": self.sent,
            "revised": self.revised,
        }

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"rows: {self.rows:,}"]
        lines += [f"  {name}: {span.rows:,}, {shown(span.first_ns)} to {shown(span.last_ns)}" for name, span in sorted(self.spans.items())]
        for reason, count in sorted(self.refused.items()):
            lines.append(f"refused: {count:,} {reason} ({_meaning(reason)})")
            lines += [f"    {example}" for example in self.examples.get(reason, [])]
        lines += [f"not sent: {count:,} {reason} ({_NOT_SENT[reason]})" for reason, count in sorted(self.skipped.items())]
        lines += [f"kept with a lower score: {count:,} {reason} ({_meaning(reason)})" for reason, count in sorted(self.marked.items())]
        return lines + ([f"gaps: {self.gaps:,}"] if self.gaps else [])


_NOT_SENT = {
    Reason.DUPLICATE.value: "known already: the same id, or the same prices and volume",
    Reason.BEHIND_HISTORY.value: "older than what the source already has: a series only grows at its end; another --source takes them",
}


def series_of(event: Event) -> str:
    if event.bar is not None:
        return f"{event.bar.symbol} {event.source} {event.bar.timeframe}"
    assert event.tick is not None
    return f"{event.tick.symbol} {event.source} {event.tick.__struct_config__.tag}"


def shown(ts_ns: int) -> str:
    """To the microsecond."""
    return (
        datetime.fromtimestamp(ts_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        + (f".{ts_ns % 10**9 // 1000:06}" if ts_ns % 10**9 else "")
        + "Z"
    )


def _meaning(reason: str) -> str:
    return CATALOGUE[Reason(reason)].meaning
