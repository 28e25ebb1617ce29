"""What an import says when it is over."""

from typing import Any

from tickerplant.importing.findings import Findings
from tickerplant.importing.recipe import Recipe
from tickerplant.importing.run import Outcome

_TABLES = {"ticks": "market_ticks", "bars": "market_ohlcv", "indicators": "technical_indicators", "signals": "trading_signals"}


def read_as(recipe: Recipe) -> dict[str, Any]:
    """How the files are read, guesses named as such."""
    options, columns = recipe.options, recipe.columns
    times = (
        f"text in {options.zone}"
        if recipe.unit == "text"
        else f"numbers of {recipe.unit}" + (f" since {options.day}" if options.day else "")
    )
    timeframe = {"timeframe": recipe.timeframe + ("" if options.timeframe else " (guessed)")} if recipe.timeframe else {}
    return {"kind": columns.kind, "columns": columns.told(), "times": times, "source": recipe.source(), **timeframe}


def trial_document(recipe: Recipe, findings: Findings) -> dict[str, Any]:
    return {"read_as": read_as(recipe), "dry_run": True, **findings.document()}


def trial_text(recipe: Recipe, findings: Findings) -> str:
    good = findings.sent - (findings.refused.total() - _rows_refused(findings)) - findings.skipped.total()
    lines = [*_head(recipe), *findings.lines(), f"dry run: {good:,} rows would go in, nothing was sent"]
    return "\n".join(lines)


def outcome_document(recipe: Recipe, outcome: Outcome) -> dict[str, Any]:
    return {
        "read_as": read_as(recipe),
        "dry_run": False,
        "done_before": outcome.was_done,
        "continued_after": outcome.resumed,
        **outcome.findings.document(),
        "duplicates": outcome.duplicates,
        "drained": not outcome.left,
        "behind": outcome.left,
        "new_rows": {_TABLES[name]: rows for name, rows in outcome.new.items()},
        "stored": outcome.stored,
        "seconds": round(outcome.seconds, 3),
    }


def outcome_text(recipe: Recipe, outcome: Outcome) -> str:
    lines = [*_head(recipe), *outcome.findings.lines()]
    if outcome.was_done:
        lines.append("these files were imported already: nothing was sent")
    elif outcome.resumed:
        lines.append(f"continued: {outcome.resumed:,} rows had been sent by an earlier run")
    revised = f", {outcome.findings.revised:,} of them revisions of stored bars" if outcome.findings.revised else ""
    lines.append(f"sent: {outcome.findings.sent:,} rows in {outcome.seconds:,.1f} s{revised}")
    if outcome.duplicates:
        lines.append(f"dropped by the line: {outcome.duplicates:,} rows whose ids it has seen before")
    lines += [f"new in {_TABLES[name]}: {rows:,}" for name, rows in outcome.new.items()]
    return "\n".join(lines)


def left_text(outcome: Outcome) -> str:
    left = ", ".join(f"{name} is {records} records behind" for name, records in outcome.left.items())
    return f"everything was sent, but not taken in: {left}; the same command waits again"


def _head(recipe: Recipe) -> list[str]:
    return [f"{name}: {text}" for name, text in read_as(recipe).items()]


def _rows_refused(findings: Findings) -> int:
    """Rows that never became an event; the others were refused by a stage."""
    return findings.rows - sum(span.rows for span in findings.spans.values())
