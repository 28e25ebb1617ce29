"""`tickerplant retention`: drops what is older than the storage settings keep."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from sinks.timescale.retention import Dropped


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("retention", epilog="Example: tickerplant retention --dry-run")(retention)


def retention(
    data_dir: DataDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be deleted and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete rows that are older than the settings in [storage] keep, and say how many. Safe to repeat; run it daily on a line that goes on for years."""
    from runtime.addresses import resolve
    from runtime.clock import SystemClock
    from runtime.errors import TransientError, UserError
    from sinks.timescale.retention import retain

    settings = settings_for(data_dir)
    try:
        dropped = retain(resolve(settings).postgres, settings.storage, SystemClock().now_ns(), dry_run=dry_run)
    except TransientError as error:
        raise UserError(str(error)) from None
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, "rules": [_plain(one) for one in dropped]}))
        return
    for one in dropped:
        typer.echo(_line(one, dry_run))


def _plain(one: "Dropped") -> dict[str, object]:
    return {"table": one.table, "what": one.what, "days": one.days, "before": one.before.isoformat(), "rows": one.rows}


def _line(one: "Dropped", dry_run: bool) -> str:
    return f"{one.table} ({one.what}): {one.rows} rows before {one.before:%Y-%m-%d} {'would be ' if dry_run else ''}deleted (kept {one.days} days)"
