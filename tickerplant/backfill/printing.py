"""What a backfill says: before it begins, when it is over, and about those there were."""

from collections.abc import Mapping, Sequence
from typing import Any

from ingestors.registry import provider_of
from tickerplant.backfill.ask import Ask
from tickerplant.backfill.notes import Backfill
from tickerplant.backfill.run import Outcome
from tickerplant.importing.findings import shown


def head(ask: Ask) -> dict[str, Any]:
    """What is asked for, and on which terms."""
    return {
        "provider": ask.provider,
        "licence": provider_of(ask.provider).licence,
        "data": ask.what,
        "source": ask.source,
        "from": shown(ask.span.from_ns),
        "to": shown(ask.span.to_ns),
    }


def licence_text(ask: Ask) -> str:
    """Told before anything is fetched."""
    return f"{ask.provider}: {provider_of(ask.provider).licence}"


def plan_document(ask: Ask, expected: Mapping[str, tuple[int, int]], done: Mapping[str, int]) -> dict[str, Any]:
    """expected: rows and questions by symbol; done: windows that earlier runs were through with."""
    symbols = {
        symbol: {"rows": rows, "questions": questions, "windows_done": done[symbol]} for symbol, (rows, questions) in expected.items()
    }
    return {**head(ask), "dry_run": True, "windows": len(ask.windows()), "symbols": symbols}


def plan_text(ask: Ask, expected: Mapping[str, tuple[int, int]], done: Mapping[str, int]) -> str:
    lines = _head_lines(ask)
    windows = len(ask.windows())
    for symbol, (rows, questions) in expected.items():
        lines.append(f"{symbol}: about {rows:,} {ask.kind}, {questions:,} questions; {done[symbol]} of {windows} windows are done")
    return "\n".join([*lines, "dry run: nothing was fetched and nothing was sent"])


def outcome_document(ask: Ask, outcome: Outcome) -> dict[str, Any]:
    return {
        **head(ask),
        "dry_run": False,
        "symbols": {
            symbol: {"rows": one.rows, "earlier": one.earlier, "reached": shown(one.reached_ns), "error": one.error}
            for symbol, one in outcome.symbols.items()
        },
        "sent": outcome.sent,
        "not_sent": dict(outcome.not_sent),
        "refused": dict(outcome.refused),
        "new_rows": dict(outcome.new),
        "drained": not outcome.left,
        "behind": dict(outcome.left),
        "seconds": round(outcome.seconds, 3),
    }


def outcome_text(ask: Ask, outcome: Outcome) -> str:
    lines = _head_lines(ask)
    for symbol, one in outcome.symbols.items():
        earlier = f", {one.earlier:,} of them by an earlier run" if one.earlier else ""
        lines.append(f"{symbol}: {one.rows:,} {ask.kind} up to {shown(one.reached_ns)}{earlier}" + (f"; {one.error}" if one.error else ""))
    lines.append(f"sent: {outcome.sent:,} rows in {outcome.seconds:,.1f} s")
    lines += [f"not sent: {rows:,} {reason}" for reason, rows in sorted(outcome.not_sent.items())]
    lines += [f"refused: {rows:,} {reason}" for reason, rows in sorted(outcome.refused.items())]
    return "\n".join([*lines, *(f"new in {table}: {rows:,}" for table, rows in outcome.new.items())])


def left_text(outcome: Outcome) -> str:
    left = ", ".join(f"{name} is {records} records behind" for name, records in outcome.left.items())
    return f"not everything was taken in: {left}; the same command waits again"


def status_lines(backfills: Sequence[Backfill]) -> list[str]:
    """One a symbol and range."""
    return [
        f"{one.state:<12} {one.provider:<10} {one.symbol:<12} {one.timeframe:<6} {one.source:<20} {_day(one.from_at)} to {_day(one.to_at)}"
        f"  reached {_day(one.reached_at)}, {one.rows:,} rows, {one.updated_at:%Y-%m-%d %H:%M:%S}{f': {one.error}' if one.error else ''}"
        for one in backfills
    ]


def _head_lines(ask: Ask) -> list[str]:
    return [f"{name}: {text}" for name, text in head(ask).items()]


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"
