"""What went in and what came out of each stage: one document, printed as JSON or as a table."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.topics import Topic
from tickerplant.replay.counts import TopicCount

_INGEST = "ingest."


@dataclass(slots=True)
class Report:
    """behind: records left by reader, empty when all drained; missing: newest trades that never came, by symbol."""

    source: str
    material: str
    frames: Counter[str]
    topics: dict[Topic, TopicCount]
    rows_before: dict[str, int]
    rows_after: dict[str, int]
    seconds: float
    restarts: int
    behind: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)

    @property
    def drained(self) -> bool:
        return not self.behind and not self.missing

    def document(self) -> dict[str, Any]:
        """Everything, in plain types."""
        raw, ticks = self.topics[Topic.TICKS_RAW], self.topics[Topic.TICKS]
        letters = self.topics[Topic.DLQ].kinds
        refused = sum(number for name, number in letters.items() if not name.startswith(_INGEST) and name.startswith("validate"))
        return {
            "drained": self.drained,
            "behind": self.behind,
            "missing": self.missing,
            "source": self.source,
            "material": self.material,
            "seconds": round(self.seconds, 3),
            "ingestor_restarts": self.restarts,
            "frames": {"total": self.frames.total(), "by_stream": {name or "other": self.frames[name] for name in sorted(self.frames)}},
            "stages": {
                "ingest": {
                    **_ticks(raw),
                    "filled": raw.kinds["filled"],
                    "watermarks": raw.kinds["watermarks"],
                    "books": self.topics[Topic.BOOKS_RAW].records,
                    "provider_bars": self.topics[Topic.BARS_RAW].records,
                },
                "validate": {**_ticks(ticks), "duplicates": _total(raw) - _total(ticks) - refused, "refused": refused},
                "bars": _events(self.topics[Topic.BARS]),
                "indicators": {"records": self.topics[Topic.INDICATORS].records},
                "signals": _events(self.topics[Topic.SIGNALS]),
            },
            "gaps": _events(self.topics[Topic.GAPS]),
            "dead_letters": {"total": letters.total(), "by_reason": dict(sorted(letters.items()))},
            "repeats_dropped": sum(count.repeats for count in self.topics.values()),
            "tables": {
                name: {"rows": after, "new": after - self.rows_before.get(name, 0)} for name, after in sorted(self.rows_after.items())
            },
        }

    def lines(self) -> list[tuple[str, str]]:
        """(what, figures) for a table on a terminal."""
        document = self.document()
        stages = document["stages"]
        rows = [("frames", _words({"total": document["frames"]["total"], **document["frames"]["by_stream"]}))]
        rows += [(name, _words(figures)) for name, figures in stages.items()]
        rows += [
            ("gaps", _words(document["gaps"])),
            ("dead letters", _words({"total": document["dead_letters"]["total"], **document["dead_letters"]["by_reason"]})),
        ]
        rows += [(f"table {name}", f"{figures['rows']:,} rows, {figures['new']:,} new") for name, figures in document["tables"].items()]
        rows.append(("time", f"{self.seconds:.1f} s, {_total(self.topics[Topic.TICKS_RAW]) / max(self.seconds, 0.001):,.0f} ticks/s"))
        return rows


def _total(count: TopicCount) -> int:
    return count.kinds["trades"] + count.kinds["quotes"]


def _ticks(count: TopicCount) -> dict[str, int]:
    return {"ticks": _total(count), "trades": count.kinds["trades"], "quotes": count.kinds["quotes"], "records": count.records}


def _events(count: TopicCount) -> dict[str, int]:
    return {"records": count.records, **{name: count.kinds[name] for name in sorted(count.kinds) if name}}


def _words(figures: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in figures.items())
