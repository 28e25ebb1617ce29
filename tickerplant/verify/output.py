"""A report as text and as JSON."""

from typing import Any

import msgspec

from tickerplant.verify.report import Report


def passed(report: Report) -> bool:
    """No difference, and something was there to compare: an audit of nothing proves nothing."""
    return report.total == 0 and any(report.compared.values())


def as_json(report: Report) -> dict[str, Any]:
    """{"ok", "compared": rows by table, "difference_count", "counts": by table and kind, "notes", "differences"}."""
    return {
        "ok": passed(report),
        "compared": dict(report.compared),
        "difference_count": report.total,
        "counts": {f"{table} {kind}": number for (table, kind), number in sorted(report.counts.items())},
        "notes": [_note(sentence, number) for sentence, number in report.notes.items()],
        "differences": [msgspec.to_builtins(difference) for difference in report.differences],
    }


def as_text(report: Report) -> str:
    """For a reader: what was compared, the differences held, what was not judged, and the verdict last."""
    lines = ["Compared:"] + [f"  {number:>12,}  {name}" for name, number in report.compared.items()]
    if not report.compared:
        lines = ["Nothing to compare: the tables hold no such rows."]
    if report.notes:
        lines += ["Not judged:", *(f"  {_note(sentence, number)}" for sentence, number in report.notes.items())]
    if report.total:
        lines += ["Differences:", *(f"  {difference.sentence()}" for difference in report.differences)]
        if report.total > len(report.differences):
            lines.append(f"  ... and {report.total - len(report.differences):,} more; --all lists them")
        lines += ["By table:", *(f"  {number:>12,}  {table}, {kind}" for (table, kind), number in sorted(report.counts.items()))]
    if not report.total and not passed(report):
        return "\n".join([*lines, "verify: nothing was compared, so nothing is proved"])
    verdict = "no difference" if not report.total else f"{report.total:,} difference{'s' if report.total > 1 else ''}"
    return "\n".join([*lines, f"verify: {verdict}"])


def _note(sentence: str, number: int) -> str:
    return sentence if number == 1 else f"{number:,} x {sentence}"
